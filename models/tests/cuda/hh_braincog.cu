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
namespace braincog { namespace hh_braincog {
struct Propagators { real f_B; real f_s; real f_weight; real f_r; real dt; real noise_scale; real mu; real h; real h_C; real g_Na; real g_K; real g_L; real E_Na; real E_K; real E_L; real V_th; };
struct State { real V_m; real V_old; real Act_m; real Inact_h; real Act_n; real B; real s_syn; real I_syn; real I; };
struct Input { real syn; real I_stim; real noise; };
struct Background { real B; real s; real r; __device__ __forceinline__ Background(real B, real s, real r) : B(B), s(s), r(r) {} };
struct Filters { real B; real s; real weight; real r; real dt; __device__ __forceinline__ Filters(real B, real s, real weight, real r, real dt) : B(B), s(s), weight(weight), r(r), dt(dt) {} };
__device__ __forceinline__ Background background(Filters p, Background b, real weight, real noise)
{
    let B = b.B + p.B * (noise - b.B); let s = b.s - p.s * b.s + p.weight *
    weight; let r = b.r - p.r * b.r + p.dt * s; return Background(B, s, r);
}
struct Rates { real alpha_m; real beta_m; real alpha_h; real beta_h; real alpha_n; real beta_n; __device__ __forceinline__ Rates(real alpha_m, real beta_m, real alpha_h, real beta_h, real alpha_n, real beta_n) : alpha_m(alpha_m), beta_m(beta_m), alpha_h(alpha_h), beta_h(beta_h), alpha_n(alpha_n), beta_n(beta_n) {} };
__device__ __forceinline__ real linoid(real x)
{
    let q = x * x; let series = real(1.0) + real(0.5) * x + q *
    (real(0.08333333333333333) - q * real(0.001388888888888889)); let small =
    abs(x) < real(0.3); let safe = select(small, real(1.0), x); return
    select(small, series, safe / (real(1.0) - exp(-safe)));
}
__device__ __forceinline__ Rates classic_rates(real V)
{
    let v = max(V, real(-150.0)); let alpha_m =
    linoid((v - real(25.0)) * real(0.1)); let beta_m = real(4.0) *
    exp(v * real(-0.05555555555555555)); let alpha_h = real(0.07) *
    exp(v * real(-0.05)); let beta_h = real(1.0) /
    (real(1.0) + exp((real(30.0) - v) * real(0.1))); let alpha_n = real(0.1) *
    linoid((v - real(10.0)) * real(0.1)); let beta_n = real(0.125) *
    exp(v * real(-0.0125)); return
    Rates(alpha_m, beta_m, alpha_h, beta_h, alpha_n, beta_n);
}
__device__ __forceinline__ void substep(const Propagators& p, State& s, const Input& _input)
{
    let r = classic_rates(s.V_m); s.Act_n += p.h *
    (r.alpha_n * (real(1.0) - s.Act_n) - r.beta_n * s.Act_n); let h_m =
    min(p.h, real(1.0) / (r.alpha_m + r.beta_m)); s.Act_m += h_m *
    (r.alpha_m * (real(1.0) - s.Act_m) - r.beta_m * s.Act_m); s.Inact_h += p.h
    * (r.alpha_h * (real(1.0) - s.Inact_h) - r.beta_h * s.Inact_h); let I_Na =
    p.g_Na * s.Act_m * s.Act_m * s.Act_m * s.Inact_h * (p.E_Na - s.V_m); let
    I_K = p.g_K * (s.Act_n * s.Act_n) * (s.Act_n * s.Act_n) * (p.E_K - s.V_m);
    s.V_m += p.h_C * (I_Na + I_K + p.g_L * (p.E_L - s.V_m) + s.I);
}
__device__ __forceinline__ bool step(const Propagators& p, State& s, const Input& input)
{
    let fired = s.V_old < p.V_th && s.V_m > p.V_th; s.V_old = s.V_m; let
    filters = Filters(p.f_B, p.f_s, p.f_weight, p.f_r, p.dt); let back =
    background(filters, Background(s.B, s.s_syn, s.I_syn), input.syn,
    input.noise); s.B = back.B; s.s_syn = back.s; s.I_syn = back.r; s.I =
    p.noise_scale * back.B + p.mu + back.r + input.I_stim; return fired;
}
} }
