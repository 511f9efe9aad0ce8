//! The slope of a line through points, some of which may be wild.

use super::quantile::median;

/// The median slope of all pairs of points with different abscissae; `None` if there is no such pair or a number is not
/// finite.
///
/// Theil, "A Rank-Invariant Method of Linear and Polynomial Regression Analysis", Proceedings of the Koninklijke
/// Nederlandse Akademie van Wetenschappen 53, 1950, 386–392; Sen, "Estimates of the Regression Coefficient Based on
/// Kendall's Tau", Journal of the American Statistical Association 63(324), 1968, 1379–1389.
pub(crate) fn theil_sen(points: &[(f64, f64)]) -> Option<f64> {
    let pairs = points.iter().enumerate().flat_map(|(i, one)| points[i + 1..].iter().map(move |b| (one, b)));
    let slopes: Vec<f64> =
        pairs.filter(|(a, b)| a.0 != b.0).map(|(a, b)| (b.1 - a.1) / (b.0 - a.0)).collect();
    median(&slopes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_slope_whatever_one_point_says() {
        let mut points: Vec<(f64, f64)> = (0..9).map(f64::from).map(|x| (x, 3.0 - 0.5 * x)).collect();
        assert_eq!(theil_sen(&points), Some(-0.5));
        points[4].1 = 1e9;
        assert_eq!(theil_sen(&points), Some(-0.5));
    }

    #[test]
    fn by_hand() {
        // Slopes 1, 2, 3 between the pairs (0, 0) (1, 1) (2, 4).
        assert_eq!(theil_sen(&[(0.0, 0.0), (1.0, 1.0), (2.0, 4.0)]), Some(2.0));
    }

    #[test]
    fn what_has_no_slope() {
        assert_eq!(theil_sen(&[(1.0, 1.0)]), None);
        assert_eq!(theil_sen(&[(1.0, 1.0), (1.0, 2.0)]), None);
        assert_eq!(theil_sen(&[(1.0, 1.0), (2.0, f64::NAN)]), None);
    }
}
