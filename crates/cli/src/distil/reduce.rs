//! From the encoder's vectors to a table: principal components, eight-bit steps.

use nalgebra::{DMatrix, SymmetricEigen};
use omniguard_core::embed::EMBEDDING_DIMS;

/// Values beyond so many standard deviations of their dimension are cut.
const CUT: f64 = 4.5;

/// Centred vectors in their `n` leading components, and the share of variance that these hold.
pub(super) fn principal_components(vectors: &[Vec<f32>], n: usize) -> (Vec<Vec<f64>>, f64) {
    let dims = vectors.first().map_or(0, Vec::len);
    let data = DMatrix::from_fn(vectors.len(), dims, |row, column| f64::from(vectors[row][column]));
    let mean = data.row_mean();
    let centred =
        DMatrix::from_fn(data.nrows(), dims, |row, column| data[(row, column)] - mean[column]);
    let covariance = centred.transpose() * &centred / data.nrows() as f64;
    let eigen = SymmetricEigen::new(covariance);
    let mut order: Vec<usize> = (0..dims).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
    order.truncate(n);
    let kept: f64 = order.iter().map(|&idx| eigen.eigenvalues[idx]).sum();
    let basis = DMatrix::from_fn(dims, order.len(), |row, column| {
        // An eigenvector's sign is arbitrary: its largest coordinate is made positive.
        let vector = eigen.eigenvectors.column(order[column]);
        let largest =
            vector.iter().copied().fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a });
        vector[row] * largest.signum()
    });
    let projected = centred * basis;
    let rows = projected.row_iter().map(|row| row.iter().copied().collect()).collect();
    (rows, kept / eigen.eigenvalues.sum())
}

/// Eight-bit steps and the size of a step in each dimension.
pub(super) fn quantise(vectors: &[Vec<f64>]) -> (Vec<[i8; EMBEDDING_DIMS]>, [f32; EMBEDDING_DIMS]) {
    let mut scales = [0.0f32; EMBEDDING_DIMS];
    for (dim, scale) in scales.iter_mut().enumerate() {
        let square: f64 = vectors.iter().map(|v| v[dim] * v[dim]).sum();
        *scale = (CUT * (square / vectors.len().max(1) as f64).sqrt() / 127.0) as f32;
    }
    let rows = vectors.iter().map(|vector| {
        let mut row = [0i8; EMBEDDING_DIMS];
        for ((slot, value), scale) in row.iter_mut().zip(vector).zip(&scales) {
            *slot = (value / f64::from(*scale)).round().clamp(-127.0, 127.0) as i8;
        }
        row
    });
    (rows.collect(), scales)
}

/// Spearman's rank correlation; equal values share their mean rank.
pub(super) fn spearman(a: &[f64], b: &[f64]) -> f64 {
    pearson(&ranks(a), &ranks(b))
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    for run in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let first = order.iter().position(|idx| *idx == run[0]).unwrap_or(0);
        for &idx in run {
            ranks[idx] = first as f64 + (run.len() - 1) as f64 / 2.0;
        }
    }
    ranks
}

fn pearson(a: &[f64], b: &[f64]) -> f64 {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len().max(1) as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut both, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        both += (x - mean_a) * (y - mean_b);
        of_a += (x - mean_a).powi(2);
        of_b += (y - mean_b).powi(2);
    }
    both / (of_a * of_b).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rank_correlation_of_known_lists() {
        assert!((spearman(&[1.0, 2.0, 3.0, 4.0], &[10.0, 20.0, 25.0, 99.0]) - 1.0).abs() < 1e-12);
        assert!((spearman(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]) + 1.0).abs() < 1e-12);
        // With a tie: ranks 0.5, 0.5, 2, 3 against 0, 1, 2, 3.
        let tied = spearman(&[1.0, 1.0, 2.0, 3.0], &[1.0, 2.0, 3.0, 4.0]);
        assert!((tied - 0.948_683).abs() < 1e-5, "{tied}");
    }

    #[test]
    fn components_keep_the_plane_that_the_points_lie_in() {
        let points: Vec<Vec<f32>> = (0u8..40)
            .map(|i| {
                let (x, y) = (f32::from(i % 7), f32::from(i % 5));
                vec![x + y, x - y, 2.0 * x, 1.0]
            })
            .collect();
        let (rows, kept) = principal_components(&points, 2);
        assert!(kept > 0.999_99, "{kept}");
        let distance = |a: &[f64], b: &[f64]| -> f64 {
            a.iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt()
        };
        let wide = |v: &[f32]| v.iter().map(|x| f64::from(*x)).collect::<Vec<_>>();
        let (a, b) = (wide(&points[3]), wide(&points[11]));
        assert!((distance(&rows[3], &rows[11]) - distance(&a, &b)).abs() < 1e-9);
    }
}
