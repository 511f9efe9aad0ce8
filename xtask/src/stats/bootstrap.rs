//! The bootstrap over blocks, for statistics that have no exact interval.
//!
//! A block is resampled whole, so whatever its samples share stays together; blocks must be independent
//! of each other. This is not the moving-block bootstrap of time series. With few blocks a percentile of
//! the replicates covers less often than it says: Hesterberg, "What Teachers Should Know About the
//! Bootstrap", The American Statistician 69(4), 2015, 371-386.

/// The indices of `n` blocks drawn with replacement from `0..n` (Efron and Tibshirani, An Introduction to the
/// Bootstrap, 1993, chapter 6).
pub(crate) fn bootstrap_indices(n: usize, rng: &mut fastrand::Rng) -> Vec<usize> {
    (0..n).map(|_| rng.usize(0..n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_uniform_and_independent() {
        let mut rng = fastrand::Rng::with_seed(43);
        assert_eq!(bootstrap_indices(0, &mut rng), [0; 0]);
        let (n, draws) = (5, 20_000);
        let mut counts = vec![[0_u32; 5]; n];
        let mut repeats = 0;
        for _ in 0..draws {
            let indices = bootstrap_indices(n, &mut rng);
            assert_eq!(indices.len(), n);
            for (position, &index) in indices.iter().enumerate() {
                counts[position][index] += 1;
            }
            repeats += u32::from(indices[0] == indices[1]);
        }
        // 4,000 expected with a standard deviation of 57.
        assert!(counts.iter().flatten().all(|count| count.abs_diff(4000) < 250), "{counts:?}");
        assert!(repeats.abs_diff(4000) < 250, "{repeats}");
    }
}
