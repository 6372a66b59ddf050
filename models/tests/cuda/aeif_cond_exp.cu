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
namespace braincog { namespace aeif_cond_exp {
struct Propagators { real h; real inv_C; real inv_Delta; real inv_tau_w; real g_L; real leak_rate; real I_0; real I_T; real Delta_T; real E_L; real V_th; real V_reset; real V_peak; real V_switch; real V_fire; real u_peak; real a; real b; real ref_steps; real ref_free; real P11_ex_m1; real P11_in_m1; real P11_ex_half_m1; real P11_in_half_m1; real rise_ex; real rise_in; real E_ex; real E_in; };
struct State { real V_m; real V_low; real w; real w_low; real g_ex; real g_in; real ref_left; };
struct Input { real ex; real inh; real I_stim; };
struct Drive { real S0_begin; real S0_mid; real S0_end; real S1_begin; real S1_mid; real S1_end; __device__ __forceinline__ Drive(real S0_begin, real S0_mid, real S0_end, real S1_begin, real S1_mid, real S1_end) : S0_begin(S0_begin), S0_mid(S0_mid), S0_end(S0_end), S1_begin(S1_begin), S1_mid(S1_mid), S1_end(S1_end) {} };
struct Cell { real V_m; real V_low; real w; real w_low; real ref_left; __device__ __forceinline__ Cell(real V_m, real V_low, real w, real w_low, real ref_left) : V_m(V_m), V_low(V_low), w(w), w_low(w_low), ref_left(ref_left) {} };
__device__ __forceinline__ real slope(const Propagators& p, real V_m, real w, real S0, real S1)
{
    let V = min(V_m, p.V_peak); return
    (S0 - S1 * V - w + p.I_T * exp((V - p.V_th) * p.inv_Delta)) * p.inv_C;
}
__device__ __forceinline__ real drift(const Propagators& p, real V_m, real w)
{ return (p.a * (min(V_m, p.V_peak) - p.E_L) - w) * p.inv_tau_w; }
__device__ __forceinline__ real fall(const Propagators& p, real u, real V, real w, real S0, real S1)
{ return -u * (S0 - S1 * V - w) * p.inv_C * p.inv_Delta - p.leak_rate; }
__device__ __forceinline__ bool is_near(const Propagators& p, Cell m, Drive d)
{
    let V = min(m.V_m, p.V_peak); let rise = exp((V - p.V_th) * p.inv_Delta);
    let F = (d.S0_begin - d.S1_begin * V - m.w) * p.inv_C; return m.ref_left
    <= real(0.0) && V + p.h * (F + p.I_T * p.inv_C * rise) > p.V_switch;
}
__device__ __forceinline__ Cell runge_kutta(const Propagators& p, Cell m, real dw, Drive d, real h)
{
    let held = m.ref_left > p.ref_free; let half = real(0.5) * h; let w_1 =
    m.w + dw; let kV1 =
    select(held, real(0.0), slope(p, m.V_m, w_1, d.S0_begin, d.S1_begin)); let
    kw1 = drift(p, m.V_m, w_1); let V_2 = m.V_m + half * kV1; let w_2 = w_1 +
    half * kw1; let kV2 =
    select(held, real(0.0), slope(p, V_2, w_2, d.S0_mid, d.S1_mid)); let kw2 =
    drift(p, V_2, w_2); let V_3 = m.V_m + half * kV2; let w_3 = w_1 + half *
    kw2; let kV3 =
    select(held, real(0.0), slope(p, V_3, w_3, d.S0_mid, d.S1_mid)); let kw3 =
    drift(p, V_3, w_3); let V_4 = m.V_m + h * kV3; let w_4 = w_1 + h * kw3;
    let kV4 = select(held, real(0.0), slope(p, V_4, w_4, d.S0_end, d.S1_end));
    let kw4 = drift(p, V_4, w_4); let sixth = h * real(0.16666666666666666);
    let dV = sixth * (kV1 + real(2.0) * (kV2 + kV3) + kV4) + m.V_low; let
    dw_all = sixth * (kw1 + real(2.0) * (kw2 + kw3) + kw4) + dw + m.w_low; let
    V_next = m.V_m + dV; let w_next = m.w + dw_all; let V_low =
    select(V_next >= p.V_peak, real(0.0), dV - (V_next - m.V_m)); return
    Cell(min(V_next, p.V_peak), V_low, w_next, dw_all - (w_next - m.w),
    m.ref_left);
}
__device__ __forceinline__ Drive rest(Drive d, real from)
{
    let b0 = real(4.0) * (d.S0_mid - d.S0_begin) - (d.S0_end - d.S0_begin);
    let b1 = real(4.0) * (d.S1_mid - d.S1_begin) - (d.S1_end - d.S1_begin);
    let c0 = (d.S0_end - d.S0_begin) - b0; let c1 = (d.S1_end - d.S1_begin) -
    b1; let mid = real(0.5) + real(0.5) * from; let S0_begin = d.S0_begin +
    from * (b0 + from * c0); let S1_begin = d.S1_begin + from *
    (b1 + from * c1); let S0_mid =
    select(from > real(0.0), d.S0_begin + mid * (b0 + mid * c0), d.S0_mid);
    let S1_mid =
    select(from > real(0.0), d.S1_begin + mid * (b1 + mid * c1), d.S1_mid);
    return Drive(S0_begin, S0_mid, d.S0_end, S1_begin, S1_mid, d.S1_end);
}
__device__ __forceinline__ Cell advance(const Propagators& p, Cell m, Drive d)
{
    let near = is_near(p, m, d); let V = min(m.V_m, p.V_peak); let F =
    (d.S0_begin - d.S1_begin * V - m.w) * p.inv_C; let u = real(1.0) /
    exp((V - p.V_th) * p.inv_Delta); let du1 = -u * F * p.inv_Delta -
    p.leak_rate; let u2 = max(u + real(0.5) * p.h * du1, p.u_peak); let V2 =
    p.V_th - p.Delta_T * ln(u2); let w_mid = m.w + real(0.5) * p.h *
    drift(p, V, m.w); let du2 = fall(p, u2, V2, w_mid, d.S0_mid, d.S1_mid);
    let u3 = max(u + real(0.5) * p.h * du2, p.u_peak); let V3 = p.V_th -
    p.Delta_T * ln(u3); let du3 = fall(p, u3, V3, w_mid, d.S0_mid, d.S1_mid);
    let u4 = max(u + p.h * du3, p.u_peak); let V4 = p.V_th - p.Delta_T *
    ln(u4); let w_late = m.w + p.h * drift(p, V3, w_mid); let du4 =
    fall(p, u4, V4, w_late, d.S0_end, d.S1_end); let change = p.h *
    (du1 + real(2.0) * (du2 + du3) + du4) * real(0.16666666666666666); let
    spiked = near && u + change <= p.u_peak; let begin = p.h * du1; let end =
    -p.h * p.leak_rate; let c2 = real(3.0) * change - real(2.0) * begin - end;
    let c3 = begin + end - real(2.0) * change; let over = u - p.u_peak; let x1
    = min(max(-over / change, real(0.0)), real(1.0)); let x2 = x1 -
    (over + x1 * (begin + x1 * (c2 + x1 * c3))) /
    (begin + x1 * (real(2.0) * c2 + real(3.0) * x1 * c3)); let y =
    min(max(x2, real(0.0)), real(1.0)); let x3 = y -
    (over + y * (begin + y * (c2 + y * c3))) /
    (begin + y * (real(2.0) * c2 + real(3.0) * y * c3)); let at_spike =
    min(max(x3, real(0.0)), real(1.0)); let u_end = max(u + change, p.u_peak);
    let V_near = p.V_th - p.Delta_T * ln(u_end); let falls = u - u_end >
    real(0.001) * u; let mean = p.Delta_T + (u * V - u_end * V_near) /
    select(falls, u - u_end, real(1.0)); let V_mean =
    min(select(falls, mean, V), p.V_peak); let h_near = p.h *
    select(spiked, at_spike, real(1.0)); let dw_free = h_near *
    (drift(p, V_mean, m.w) * (real(1.0) - real(0.5) * h_near * p.inv_tau_w));
    let dw_near = select(near, dw_free, real(0.0)) +
    select(spiked, p.b, real(0.0)); let from =
    select(spiked, at_spike, select(near, real(1.0), real(0.0))); let V_1 =
    select(spiked, p.V_reset, select(near, V_near, m.V_m)); let V_low =
    select(near, real(0.0), m.V_low); let ref_left =
    select(spiked, p.ref_steps + real(1.0), m.ref_left); return
    runge_kutta(p, Cell(V_1, V_low, m.w, m.w_low, ref_left), dw_near,
    rest(d, from), p.h * (real(1.0) - from));
}
__device__ __forceinline__ void substep(const Propagators& p, State& s, const Input& input)
{
    let ex_mid = decayed(s.g_ex, p.P11_ex_half_m1); let in_mid =
    decayed(s.g_in, p.P11_in_half_m1); let ex_end =
    decayed(s.g_ex, p.P11_ex_m1); let in_end = decayed(s.g_in, p.P11_in_m1);
    let I = p.I_0 + input.I_stim; let S0_begin = I + s.g_ex * p.E_ex + s.g_in
    * p.E_in; let S0_mid = I + ex_mid * p.E_ex + in_mid * p.E_in; let S0_end =
    I + ex_end * p.E_ex + in_end * p.E_in; let S1_begin = p.g_L + s.g_ex +
    s.g_in; let drive =
    Drive(S0_begin, S0_mid, S0_end, S1_begin, p.g_L + ex_mid + in_mid, p.g_L +
    ex_end + in_end); let m =
    advance(p, Cell(s.V_m, s.V_low, s.w, s.w_low, s.ref_left), drive); s.V_m =
    m.V_m; s.V_low = m.V_low; s.w = m.w; s.w_low = m.w_low; s.ref_left =
    m.ref_left; s.g_ex = ex_end; s.g_in = in_end;
}
__device__ __forceinline__ bool step(const Propagators& p, State& s, const Input& input)
{
    let late = s.ref_left <= real(0.0) && s.V_m >= p.V_fire; s.V_m =
    select(late, p.V_reset, s.V_m); s.V_low =
    select(late, real(0.0), s.V_low); s.w = select(late, s.w + p.b, s.w); let
    ref_left = select(late, p.ref_steps + real(1.0), s.ref_left); s.ref_left =
    max(ref_left - real(1.0), real(0.0)); s.g_ex += input.ex; s.g_in -=
    input.inh; return ref_left > p.ref_steps;
}
} }
