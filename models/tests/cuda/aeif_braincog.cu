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
namespace braincog { namespace aeif_braincog {
struct Propagators { real f_B; real f_s; real f_weight; real f_r; real dt; real noise_scale; real mu; real h_C; real g_L; real I_T; real inv_Delta; real V_th; real V_reset; real h_tau_w; real alpha_ad; real beta_ad; real b; real ref_steps; };
struct State { real V_m; real w; real B; real s_syn; real I_syn; real ref_left; };
struct Input { real syn; real I_stim; real noise; };
struct Background { real B; real s; real r; __device__ __forceinline__ Background(real B, real s, real r) : B(B), s(s), r(r) {} };
struct Filters { real B; real s; real weight; real r; real dt; __device__ __forceinline__ Filters(real B, real s, real weight, real r, real dt) : B(B), s(s), weight(weight), r(r), dt(dt) {} };
__device__ __forceinline__ Background background(Filters p, Background b, real weight, real noise)
{
    let B = b.B + p.B * (noise - b.B); let s = b.s - p.s * b.s + p.weight *
    weight; let r = b.r - p.r * b.r + p.dt * s; return Background(B, s, r);
}
__device__ __forceinline__ void substep(const Propagators&, State&, const Input&) {}
__device__ __forceinline__ bool step(const Propagators& p, State& s, const Input& input)
{
    let filters = Filters(p.f_B, p.f_s, p.f_weight, p.f_r, p.dt); let back =
    background(filters, Background(s.B, s.s_syn, s.I_syn), input.syn,
    input.noise); s.B = back.B; s.s_syn = back.s; s.I_syn = back.r; let I =
    p.noise_scale * back.B + p.mu + back.r + input.I_stim; let awake =
    s.ref_left <= real(0.0); let leak = p.g_L * (s.V_m - p.V_reset); let rise
    = p.I_T * exp((s.V_m - p.V_th) * p.inv_Delta); let V_next =
    select(awake, s.V_m + p.h_C * (rise - leak + p.alpha_ad * s.w + I),
    s.V_m); let w_next =
    select(awake, s.w + p.h_tau_w * (p.beta_ad * (V_next - p.V_reset) - s.w),
    s.w); let fired = V_next > p.V_th; s.V_m =
    select(fired, p.V_reset, V_next); s.w =
    select(fired, w_next + p.b, w_next); s.ref_left =
    select(fired, p.ref_steps, max(s.ref_left - real(1.0), real(0.0))); return
    fired;
}
} }
