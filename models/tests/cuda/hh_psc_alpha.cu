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
namespace braincog { namespace hh_psc_alpha {
struct Propagators { real h; real fastest; real inv_C; real g_Na; real g_K; real g_L; real V_0; real E_Na; real E_K; real E_ex; real E_in; real I_0; real V_spike; real P11_ex_m1; real P11_in_m1; real P11_ex_half_m1; real P11_in_half_m1; real rise_ex; real rise_in; real ref_steps; };
struct State { real V_m; real V_low; real V_old; real Act_m; real Inact_h; real Act_n; real h_low; real n_low; real I_syn_ex; real I_syn_in; real dI_syn_ex; real dI_syn_in; real ref_left; };
struct Input { real ex; real inh; real I_stim; };
struct Drive { real S0_begin; real S0_mid; real S0_end; real S1_begin; real S1_mid; real S1_end; __device__ __forceinline__ Drive(real S0_begin, real S0_mid, real S0_end, real S1_begin, real S1_mid, real S1_end) : S0_begin(S0_begin), S0_mid(S0_mid), S0_end(S0_end), S1_begin(S1_begin), S1_mid(S1_mid), S1_end(S1_end) {} };
struct Channels { real V; real m; real h; real n; __device__ __forceinline__ Channels(real V, real m, real h, real n) : V(V), m(m), h(h), n(n) {} };
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
__device__ __forceinline__ Channels flow(const Propagators& p, Channels c, real S0, real S1)
{
    let r = classic_rates (c.V); let I_Na = p.g_Na * c.m * c.m * c.m * c.h *
    (p.E_Na - c.V); let I_K = p.g_K * (c.n * c.n) * (c.n * c.n) *
    (p.E_K - c.V); let calm =
    min(real(1.0), p.fastest / (r.alpha_m + r.beta_m)); let dm = calm *
    (r.alpha_m - (r.alpha_m + r.beta_m) * c.m); let dh = r.alpha_h -
    (r.alpha_h + r.beta_h) * c.h; let dn = r.alpha_n - (r.alpha_n + r.beta_n)
    * c.n; return
    Channels((I_Na + I_K + S0 - S1 * c.V) * p.inv_C, dm, dh, dn);
}
__device__ __forceinline__ Channels moved(Channels c, real t, Channels k)
{
    return
    Channels(c.V + t * k.V, c.m + t * k.m, c.h + t * k.h, c.n + t * k.n);
}
__device__ __forceinline__ Channels advance(const Propagators& p, Channels c, Drive d)
{
    let half = real(0.5) * p.h; let k1 = flow(p, c, d.S0_begin, d.S1_begin);
    let k2 = flow(p, moved(c, half, k1), d.S0_mid, d.S1_mid); let k3 =
    flow(p, moved(c, half, k2), d.S0_mid, d.S1_mid); let k4 =
    flow(p, moved(c, p.h, k3), d.S0_end, d.S1_end); let sixth = p.h *
    real(0.16666666666666666); let dV = sixth *
    (k1.V + real(2.0) * (k2.V + k3.V) + k4.V); let dm = sixth *
    (k1.m + real(2.0) * (k2.m + k3.m) + k4.m); let dh = sixth *
    (k1.h + real(2.0) * (k2.h + k3.h) + k4.h); let dn = sixth *
    (k1.n + real(2.0) * (k2.n + k3.n) + k4.n); return
    Channels(dV, dm, dh, dn);
}
__device__ __forceinline__ void substep(const Propagators& p, State& s, const Input& input)
{
    let I = p.I_0 + input.I_stim; let half = real(0.5) * p.h; let ex_mid =
    decayed(s.I_syn_ex + half * s.dI_syn_ex, p.P11_ex_half_m1); let in_mid =
    decayed(s.I_syn_in + half * s.dI_syn_in, p.P11_in_half_m1); let ex_end =
    decayed(s.I_syn_ex + p.h * s.dI_syn_ex, p.P11_ex_m1); let in_end =
    decayed(s.I_syn_in + p.h * s.dI_syn_in, p.P11_in_m1); let drive =
    Drive(I + s.I_syn_ex + s.I_syn_in, I + ex_mid + in_mid, I + ex_end +
    in_end, p.g_L, p.g_L, p.g_L); let more =
    advance(p,
    Channels((s.V_m - p.V_0) + s.V_low, s.Act_m, s.Inact_h, s.Act_n), drive);
    let dV = more.V + s.V_low; let V_next = s.V_m + dV; s.V_low = dV -
    (V_next - s.V_m); s.V_m = V_next; s.Act_m += more.m; let dh = more.h +
    s.h_low; let h_next = s.Inact_h + dh; s.h_low = dh - (h_next - s.Inact_h);
    s.Inact_h = h_next; let dn = more.n + s.n_low; let n_next = s.Act_n + dn;
    s.n_low = dn - (n_next - s.Act_n); s.Act_n = n_next; s.I_syn_ex = ex_end;
    s.I_syn_in = in_end; s.dI_syn_ex = decayed(s.dI_syn_ex, p.P11_ex_m1);
    s.dI_syn_in = decayed(s.dI_syn_in, p.P11_in_m1);
}
__device__ __forceinline__ bool step(const Propagators& p, State& s, const Input& input)
{
    s.dI_syn_ex += p.rise_ex * input.ex; s.dI_syn_in += p.rise_in * input.inh;
    let awake = s.ref_left <= real(0.0); let fired = awake && s.V_m >=
    p.V_spike && s.V_old > s.V_m; s.ref_left =
    select(fired, p.ref_steps,
    select(awake, s.ref_left, s.ref_left - real(1.0))); s.V_old = s.V_m;
    return fired;
}
} }
