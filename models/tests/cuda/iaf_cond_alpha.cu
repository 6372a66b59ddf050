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
namespace braincog { namespace iaf_cond_alpha {
struct Propagators { real P11_ex_m1; real P11_in_m1; real P11_ex_half_m1; real P11_in_half_m1; real h; real rise_ex; real rise_in; real h_C; real g_L; real I_0; real E_ex; real E_in; real V_th; real V_reset; real ref_steps; };
struct State { real V_m; real V_low; real g_ex; real g_in; real dg_ex; real dg_in; real ref_left; };
struct Input { real ex; real inh; real I_stim; };
struct Drive { real S0_begin; real S0_mid; real S0_end; real S1_begin; real S1_mid; real S1_end; __device__ __forceinline__ Drive(real S0_begin, real S0_mid, real S0_end, real S1_begin, real S1_mid, real S1_end) : S0_begin(S0_begin), S0_mid(S0_mid), S0_end(S0_end), S1_begin(S1_begin), S1_mid(S1_mid), S1_end(S1_end) {} };
__device__ __forceinline__ real leaky(real V, real V_th, real h_C, Drive d)
{
    let k1 = h_C * (d.S0_begin - d.S1_begin * min(V, V_th)); let k2 = h_C *
    (d.S0_mid - d.S1_mid * min(V + real(0.5) * k1, V_th)); let k3 = h_C *
    (d.S0_mid - d.S1_mid * min(V + real(0.5) * k2, V_th)); let k4 = h_C *
    (d.S0_end - d.S1_end * min(V + k3, V_th)); return
    (k1 + real(2.0) * (k2 + k3) + k4) * real(0.16666666666666666);
}
__device__ __forceinline__ void substep(const Propagators& p, State& s, const Input& input)
{
    let awake = s.ref_left <= real(0.0); let I = p.I_0 + input.I_stim; let
    half = real(0.5) * p.h; let ex_mid =
    decayed(s.g_ex + half * s.dg_ex, p.P11_ex_half_m1); let in_mid =
    decayed(s.g_in + half * s.dg_in, p.P11_in_half_m1); let ex_end =
    decayed(s.g_ex + p.h * s.dg_ex, p.P11_ex_m1); let in_end =
    decayed(s.g_in + p.h * s.dg_in, p.P11_in_m1); let S0_begin = I + s.g_ex *
    p.E_ex + s.g_in * p.E_in; let S0_mid = I + ex_mid * p.E_ex + in_mid *
    p.E_in; let S0_end = I + ex_end * p.E_ex + in_end * p.E_in; let S1_begin =
    p.g_L + s.g_ex + s.g_in; let drive =
    Drive(S0_begin, S0_mid, S0_end, S1_begin, p.g_L + ex_mid + in_mid, p.g_L +
    ex_end + in_end); let dV =
    select(awake, leaky(s.V_m, p.V_th, p.h_C, drive), real(0.0)) + s.V_low;
    let V_next = s.V_m + dV; s.V_low = dV - (V_next - s.V_m); s.V_m = V_next;
    s.g_ex = ex_end; s.g_in = in_end; s.dg_ex = decayed(s.dg_ex, p.P11_ex_m1);
    s.dg_in = decayed(s.dg_in, p.P11_in_m1);
}
__device__ __forceinline__ bool step(const Propagators& p, State& s, const Input& input)
{
    s.dg_ex += p.rise_ex * input.ex; s.dg_in -= p.rise_in * input.inh; let
    awake = s.ref_left <= real(0.0); let fired = awake && (s.V_m - p.V_th) +
    s.V_low >= real(0.0); s.V_m = select(fired, p.V_reset, s.V_m); s.V_low =
    select(fired, real(0.0), s.V_low); s.ref_left =
    select(fired, p.ref_steps,
    select(awake, s.ref_left, s.ref_left - real(1.0))); return fired;
}
} }
