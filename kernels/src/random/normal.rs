//! Standard normal numbers, as many at a time as there are vector lanes.
//!
//! Box GEP, Muller ME (1958) Ann Math Stat 29:610-611: a point with a normal radius at a uniform angle has two
//! independent normal coordinates. Unlike a table it needs no loads from scattered places.

use models::kit::{ln, real, sqrt};

use super::WIDE;

/// One number from each word of a wide plane.
#[inline(always)]
pub(crate) fn normals(pairs: &[u64; WIDE / 2], out: &mut [real]) {
    let (cosines, sines) = out.split_at_mut(WIDE / 2);
    let sines = &mut sines[..WIDE / 2];
    for i in 0..WIDE / 2 {
        (cosines[i], sines[i]) = pair(pairs[i] as u32, (pairs[i] >> 32) as u32);
    }
}

/// Two independent numbers from two words.
#[inline(always)]
fn pair(radius: u32, angle: u32) -> (real, real) {
    // Uniform in (0, 1], finest near 0, where the large radii are: up to 6.66.
    let u = ((radius >> 1) as i32 as real + 0.5) * (1.0 / 2_147_483_648.0);
    let r = sqrt(-2.0 * ln(u));
    // In quarter turns, within an eighth of a turn of the x axis. The two lowest bits choose the other seven eighths:
    // by a mirror at the diagonal and one at the y axis.
    let f = angle as i32 as real * (0.5 / 2_147_483_648.0);
    let q = f * f;
    let sine = f * (std::f32::consts::FRAC_PI_2 + q * (-0.645_964_1 + q * (0.079_692_63 + q * (-0.004_681_754 + q * 0.000_160_441_2))));
    let cosine = 1.0 + q * (-1.233_700_5 + q * (0.253_669_5 + q * (-0.020_863_48 + q * 0.000_919_260_3)));
    let cosine = r * real::from_bits(cosine.to_bits() ^ (angle << 31));
    let sine = r * sine;
    if angle & 2 == 0 { (cosine, sine) } else { (sine, cosine) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantile::normal_cdf;
    use crate::random::{Purpose, Stream};

    #[test]
    fn a_pair_is_a_point_at_the_radius_and_angle_of_its_words() {
        for i in 0..100_000u32 {
            let (radius, angle) = (i.wrapping_mul(0x9e37_79b9), i.wrapping_mul(0x85eb_ca6b) ^ i);
            let (x, y) = pair(radius, angle);
            let u = (f64::from(radius >> 1) + 0.5) / 2f64.powi(31);
            let r = (-2.0 * u.ln()).sqrt();
            let eighth = f64::from(angle as i32) / 2f64.powi(32) * std::f64::consts::FRAC_PI_2;
            let (cosine, sine) = (r * eighth.cos() * if angle & 1 == 0 { 1.0 } else { -1.0 }, r * eighth.sin());
            let (wanted_x, wanted_y) = if angle & 2 == 0 { (cosine, sine) } else { (sine, cosine) };
            // The radius of the smallest numbers has the resolution of a float near 1.
            let error = (f64::from(x) - wanted_x).abs().max((f64::from(y) - wanted_y).abs());
            assert!(error < 2e-6 + 1e-7 / r, "({x}, {y}) is not ({wanted_x}, {wanted_y})");
        }
    }

    #[test]
    fn kolmogorov_smirnov_distances_follow_their_law_over_seeds() {
        // 400 seeds of 1,280 draws: of the distances times sqrt(n), a tenth lies above 1.224 and a hundredth above 1.628.
        let distance = |seed: u64| {
            let stream = Stream::new(seed, Purpose::Membrane, 2);
            let mut z = [0.0; WIDE * 10];
            for (plane, z) in z.as_chunks_mut::<WIDE>().0.iter_mut().enumerate() {
                normals(&stream.noise(seed, plane as u64), z);
            }
            let mut u = z.map(|z| normal_cdf(f64::from(z)));
            u.sort_by(f64::total_cmp);
            let n = u.len() as f64;
            let d = u.iter().enumerate().map(|(i, u)| (u - i as f64 / n).abs().max(((i + 1) as f64 / n - u).abs()));
            d.fold(0.0, f64::max) * n.sqrt()
        };
        let distances: Vec<f64> = (0..400).map(distance).collect();
        for (bound, expected, tolerance) in [(1.224, 40.0, 24.0), (1.628, 4.0, 8.0), (0.828, 200.0, 40.0)] {
            let above = distances.iter().filter(|d| **d > bound).count() as f64;
            assert!((above - expected).abs() <= tolerance, "{above} above {bound}, expected {expected}");
        }
    }

    #[test]
    fn the_extremes_are_finite() {
        for angle in [0, 1, 2, 3, u32::MAX, 1 << 31] {
            let ((far, _), (near, _)) = (pair(0, angle & !2), pair(u32::MAX, angle));
            assert!(far.abs() < 6.7 && far.abs() > 4.7 && near == 0.0, "{far} {near}");
        }
    }
}
