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
namespace braincog { namespace izhikevich {
struct Propagators { real h; real h_low; real h_q; real h_q_low; real h_a; real h_a_low; real b; real b_low; real c; real d; real V_th; real V_min; real I_e; real euler; };
struct State { real V_m; real U_m; real V_low; real U_low; };
struct Input { real delta; real I_stim; };
__device__ __forceinline__ void substep(const Propagators&, State&, const Input&) {}
__device__ __forceinline__ bool step(const Propagators& p, State& s, const Input& input)
{
    let euler = p.euler > real(0.5); let I = p.I_e - s.U_m - s.U_low +
    input.I_stim + select(euler, real(0.0), input.delta); let x = s.V_m +
    real(62.5); let x_low = (s.V_m - (x - real(62.5))) + s.V_low; let dV_1 =
    p.h_q * x * x + p.h * I +
    (p.h_q_low * x * x + p.h_low * I + real(2.0) * p.h_q * x * x_low); let y =
    x + dV_1; let y_low = (dV_1 - (y - x)) + x_low; let dV_2 = p.h_q * y * y +
    p.h * I +
    (p.h_q_low * y * y + p.h_low * I + real(2.0) * p.h_q * y * y_low); let dV
    = dV_1 + select(euler, input.delta, dV_2) + s.V_low; let V_free = s.V_m +
    dV; let V_next = max(V_free, p.V_min); let V_low =
    select(V_free > p.V_min, dV - (V_free - s.V_m), real(0.0)); let V_seen =
    select(euler, s.V_m, V_next); let lag = (p.b * V_seen - s.U_m) +
    (p.b_low * V_seen + p.b * select(euler, s.V_low, V_low)); let dU = p.h_a *
    lag + (p.h_a_low * lag + s.U_low); let fired = (V_next - p.V_th) + V_low
    >= real(0.0); s.V_m = select(fired, p.c, V_next); s.V_low =
    select(fired, real(0.0), V_low); let more = dU +
    select(fired, p.d, real(0.0)); let U_next = s.U_m + more; s.U_low = more -
    (U_next - s.U_m); s.U_m = U_next; return fired;
}
} }
