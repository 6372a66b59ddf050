//! Power spectra by Welch's method.

use std::f64::consts::TAU;

use realfft::RealFftPlanner;

use super::rates::mean;

/// One-sided power spectral density.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spectrum {
    /// Distance of two frequencies in Hz; the first is 0.
    pub step_hz: f64,
    /// Density at each frequency, in the signal's unit squared per Hz.
    pub density: Vec<f64>,
}

/// Power spectral density of a signal sampled every `bin_ms`: the mean over Hann-windowed segments of
/// `segment` samples (at most the signal) that overlap by half, each less its mean (Welch 1967).
///
/// The density integrates to the signal's variance. `None` for fewer than 8 samples.
pub fn power_spectrum(values: &[f64], bin_ms: f64, segment: usize) -> Option<Spectrum> {
    let n = segment.min(values.len());
    if n < 8 || bin_ms <= 0.0 {
        return None;
    }
    let rate = 1000.0 / bin_ms;
    let window: Vec<f64> = (0..n).map(|i| 0.5 - 0.5 * libm::cos(TAU * i as f64 / n as f64)).collect();
    let power: f64 = window.iter().map(|w| w * w).sum();
    let transform = RealFftPlanner::<f64>::new().plan_fft_forward(n);
    let (mut input, mut output) = (transform.make_input_vec(), transform.make_output_vec());
    let mut density = vec![0.0; n / 2 + 1];
    let starts: Vec<usize> = (0..=values.len() - n).step_by((n / 2).max(1)).collect();
    for &start in &starts {
        let part = &values[start..start + n];
        let m = mean(part)?;
        for ((x, v), w) in input.iter_mut().zip(part).zip(&window) {
            *x = (v - m) * w;
        }
        transform.process(&mut input, &mut output).expect("the plan made both buffers");
        for (d, z) in density.iter_mut().zip(&output) {
            *d += z.norm_sqr();
        }
    }
    for (k, d) in density.iter_mut().enumerate() {
        // Positive and negative frequencies add up, except at 0 and at half the sampling rate.
        let sides = if k == 0 || 2 * k == n { 1.0 } else { 2.0 };
        *d *= sides / (rate * power * starts.len() as f64);
    }
    Some(Spectrum { step_hz: rate / n as f64, density })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sine_has_its_power_at_its_frequency() {
        // Amplitude 3 at 40 Hz, sampled every ms: variance 4.5 within the window's main lobe.
        let values: Vec<f64> = (0..4000).map(|i| 7.0 + 3.0 * (TAU * 0.040 * f64::from(i)).sin()).collect();
        let s = power_spectrum(&values, 1.0, 500).unwrap();
        let peak = (0..s.density.len()).max_by(|&i, &j| s.density[i].total_cmp(&s.density[j])).unwrap();
        assert_eq!(peak as f64 * s.step_hz, 40.0);
        let lobe: f64 = s.density[peak - 2..=peak + 2].iter().sum::<f64>() * s.step_hz;
        assert!((lobe - 4.5).abs() < 1e-6, "{lobe}");
        assert!(s.density[0] < 1e-9, "the mean is no signal");
    }

    #[test]
    fn white_noise_is_flat_and_integrates_to_its_variance() {
        // A linear congruential generator (Knuth's MMIX constants), uniform on [0, 1): variance 1/12.
        let mut x = 1u64;
        let mut draw = || {
            x = x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (x >> 11) as f64 / (1u64 << 53) as f64
        };
        let values: Vec<f64> = (0..100_000).map(|_| draw()).collect();
        let s = power_spectrum(&values, 2.0, 256).unwrap();
        let integral: f64 = s.density.iter().sum::<f64>() * s.step_hz;
        assert!((integral - 1.0 / 12.0).abs() < 0.002, "{integral}");
        let flat = 1.0 / 12.0 / 250.0;
        assert!(s.density[2..126].iter().all(|d| (d / flat - 1.0).abs() < 0.35));
    }

    #[test]
    fn too_short_a_signal_has_no_spectrum() {
        assert_eq!(power_spectrum(&[1.0; 7], 1.0, 256), None);
        assert_eq!(power_spectrum(&[1.0; 64], 0.0, 256), None);
        assert_eq!(power_spectrum(&[1.0; 9], 1.0, 256).unwrap().density.len(), 5);
    }
}
