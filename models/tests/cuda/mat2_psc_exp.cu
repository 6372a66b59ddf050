#define let const auto
namespace braincog {
typedef float real;
__device__ __forceinline__ real select(bool cond, real yes, real no) { return cond ? yes : no; }
__device__ __forceinline__ real min(real a, real b) { return a < b ? a : b; }
__device__ __forceinline__ real max(real a, real b) { return a > b ? a : b; }
__device__ __forceinline__ real abs(real x) { return fabsf(x); }
__device__ __forceinline__ real sqrt(real x) { return sqrtf(x); }
__device__ __forceinline__ real decayed(real x, real change) { return x + change * x; }
__device__ __forceinline__ real exp(real x) {
    const float MAGIC = 12582912.0f;
    x = max(min(x, 87.0f), -87.0f);
    const float shifted = x * 1.44269504f + MAGIC;
    const float k = shifted - MAGIC;
    const float r = x - k * 0.6933594f - k * -2.1219444e-4f;
    const float q = r * r;
    const float poly = 1.0f + (r + q * ((0.5f + r * 0.16666546f) + q * ((0.041665795f + r * 8.333452e-3f) + q * 1.38889e-3f)));
    return __uint_as_float(__float_as_uint(poly) + (__float_as_uint(shifted) << 23));
}
__device__ __forceinline__ real ln(real x) {
    const int ROOT_HALF = 0x3f3504f3;
    const int bits = (int)__float_as_uint(max(x, 1.1754944e-38f));
    const int k = (bits - ROOT_HALF) >> 23;
    const float m = __uint_as_float((unsigned)bits - ((unsigned)k << 23));
    const float z = (m - 1.0f) / (m + 1.0f);
    const float q = z * z;
    const float tail = q * (0.33333334f + q * (0.2f + q * (0.14285715f + q * 0.11111111f)));
    const float e = (float)k;
    return e * 0.6933594f + (e * -2.1219444e-4f + 2.0f * (z + z * tail));
}
}
namespace braincog { namespace mat2_psc_exp {
struct Propagators { real P11_ex_m1; real P11_in_m1; real P21_ex; real P21_in; real P22_m1; real P20; real P_th_1_m1; real P_th_2_m1; real I_e; real E_L; real omega; real alpha_1; real alpha_2; real ref_steps; };
struct State { real V_m; real V_low; real V_th_alpha_1; real V_th_alpha_2; real I_syn_ex; real I_syn_in; real ref_left; };
struct Input { real ex; real inh; real I_stim; };
__device__ __forceinline__ void substep(const Propagators&, State&, const Input&) {}
__device__ __forceinline__ bool step(const Propagators& p, State& s, const Input& input)
{
    let U = (s.V_m - p.E_L) + s.V_low; let dV = p.P22_m1 * U + p.P21_ex *
    s.I_syn_ex + p.P21_in * s.I_syn_in + p.P20 * (input.I_stim + p.I_e) +
    s.V_low; let V_next = s.V_m + dV; s.V_low = dV - (V_next - s.V_m); s.V_m =
    V_next; let th_1 = decayed(s.V_th_alpha_1, p.P_th_1_m1); let th_2 =
    decayed(s.V_th_alpha_2, p.P_th_2_m1); s.I_syn_ex =
    decayed(s.I_syn_ex, p.P11_ex_m1) + input.ex; s.I_syn_in =
    decayed(s.I_syn_in, p.P11_in_m1) + input.inh; let awake = s.ref_left <=
    real(0.0); let fired = awake && ((V_next - p.omega) + s.V_low) -
    (th_1 + th_2) >= real(0.0); s.V_th_alpha_1 = th_1 +
    select(fired, p.alpha_1, real(0.0)); s.V_th_alpha_2 = th_2 +
    select(fired, p.alpha_2, real(0.0)); s.ref_left =
    select(fired, p.ref_steps,
    select(awake, s.ref_left, s.ref_left - real(1.0))); return fired;
}
} }
