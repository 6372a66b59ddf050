//! Correlation of rates and of matrices.

use connectome::Matrix;

use super::rates::mean;

/// Pearson's correlation of two series, over the length of the shorter.
/// `None` where one of them does not vary.
pub fn pearson(a: &[f64], b: &[f64]) -> Option<f64> {
    let n = a.len().min(b.len());
    let (a, b) = (&a[..n], &b[..n]);
    let (mean_a, mean_b) = (mean(a)?, mean(b)?);
    let mut sums = [0.0; 3];
    for (x, y) in a.iter().zip(b) {
        let (x, y) = (x - mean_a, y - mean_b);
        sums[0] += x * y;
        sums[1] += x * x;
        sums[2] += y * y;
    }
    let r = sums[0] / (sums[1] * sums[2]).sqrt();
    r.is_finite().then(|| r.clamp(-1.0, 1.0))
}

/// Spearman's rank correlation: Pearson's of the ranks, ties sharing their mean rank.
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    let n = a.len().min(b.len());
    pearson(&ranks(&a[..n]), &ranks(&b[..n]))
}

/// The rank of each value from 0 on; equal values share the mean of their ranks.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&i, &j| values[i].total_cmp(&values[j]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let tied = order[start..].iter().take_while(|&&i| values[i] == values[order[start]]).count().max(1);
        for &i in &order[start..start + tied] {
            ranks[i] = start as f64 + (tied - 1) as f64 / 2.0;
        }
        start += tied;
    }
    ranks
}

/// Pearson's correlation of every pair of series; NaN where a series does not vary, 1 on the diagonal.
pub fn correlation_matrix(series: &[Vec<f64>]) -> Matrix {
    let bins = series.iter().map(Vec::len).min().unwrap_or(0);
    // Standardised once, each pair is one dot product.
    let standard: Vec<Option<Vec<f64>>> = series.iter().map(|s| standardised(&s[..bins])).collect();
    let mut matrix = Matrix::zeros(series.len());
    for i in 0..series.len() {
        *matrix.at_mut(i, i) = 1.0;
        for j in 0..i {
            let r = match (&standard[i], &standard[j]) {
                (Some(a), Some(b)) => a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>().clamp(-1.0, 1.0),
                _ => f64::NAN,
            };
            *matrix.at_mut(i, j) = r;
            *matrix.at_mut(j, i) = r;
        }
    }
    matrix
}

/// Mean 0 and sum of squares 1; `None` where nothing varies.
fn standardised(values: &[f64]) -> Option<Vec<f64>> {
    let m = mean(values)?;
    let norm = values.iter().map(|v| (v - m) * (v - m)).sum::<f64>().sqrt();
    // A constant series leaves rounding errors of its mean behind, which are no signal.
    (norm > 1e-12 * m.abs() * (values.len() as f64).sqrt()).then(|| values.iter().map(|v| (v - m) / norm).collect())
}

/// The mean of each pair's two directions.
pub fn symmetrised(matrix: &Matrix) -> Matrix {
    let mut out = matrix.clone();
    for i in 0..matrix.n() {
        for j in 0..matrix.n() {
            *out.at_mut(i, j) = (matrix.at(i, j) + matrix.at(j, i)) / 2.0;
        }
    }
    out
}

/// The pairs above the diagonal of two matrices of one size, where both are finite.
pub fn upper_triangle(a: &Matrix, b: &Matrix) -> (Vec<f64>, Vec<f64>) {
    let n = a.n().min(b.n());
    let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
    pairs.map(|(i, j)| (a.at(i, j), b.at(i, j))).filter(|(x, y)| x.is_finite() && y.is_finite()).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pearson_agrees_with_a_worked_example() {
        // Anscombe's first quartet: r = 0.81642.
        let x = [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0];
        let y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
        assert!((pearson(&x, &y).unwrap() - 0.81642).abs() < 1e-5);
        assert_eq!(pearson(&x, &[1.0; 11]), None);
        assert_eq!(pearson(&[], &[]), None);
    }

    #[test]
    fn spearman_sees_order_only_and_shares_tied_ranks() {
        let x: Vec<f64> = (0..20).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|v| v.powi(5)).collect();
        assert!((spearman(&x, &y).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(ranks(&[2.0, 1.0, 2.0, 5.0]), [1.5, 0.0, 1.5, 3.0]);
        assert_eq!(ranks(&[f64::NAN, 1.0]), [1.0, 0.0]);
    }

    #[test]
    fn the_matrix_holds_the_correlation_of_each_pair() {
        let t: Vec<f64> = (0..1000).map(|i| f64::from(i) * std::f64::consts::TAU / 100.0).collect();
        let sine: Vec<f64> = t.iter().map(|t| t.sin()).collect();
        let cosine: Vec<f64> = t.iter().map(|t| t.cos()).collect();
        let minus: Vec<f64> = sine.iter().map(|s| 3.0 - 2.0 * s).collect();
        let m = correlation_matrix(&[sine.clone(), cosine, minus, vec![0.1; 1000]]);
        assert!(m.at(0, 1).abs() < 1e-12);
        assert!((m.at(0, 2) + 1.0).abs() < 1e-12);
        assert!(m.at(3, 0).is_nan() && m.at(3, 3) == 1.0);
        assert_eq!(m.at(2, 0), m.at(0, 2));
    }

    #[test]
    fn triangles_pair_equal_places_and_leave_gaps_out() {
        let a = Matrix::from_rows(3, vec![0.0, 1.0, 2.0, 3.0, 0.0, f64::NAN, 4.0, 5.0, 0.0]).unwrap();
        assert_eq!(upper_triangle(&a, &symmetrised(&a)), (vec![1.0, 2.0], vec![2.0, 3.0]));
    }
}
