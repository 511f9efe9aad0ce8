//! The standard normal distribution, for the approximations of `signed_rank` and `effect`, and for sizes of files that a
//! scenario asks for. Not for samples: durations are not normal.

/// P(Z ≤ z) of a standard normal Z, with an absolute error below 1e-15.
///
/// Taylor series of Marsaglia, "Evaluating the Normal Distribution", Journal of Statistical Software
/// 11(4), 2004. The error is absolute: beyond z = −8 the answer is 0, and tails near it have few digits.
pub(super) fn normal_cdf(z: f64) -> f64 {
    if z.abs() > 8.0 {
        return if z > 0.0 { 1.0 } else { 0.0 };
    }
    let (mut term, mut sum, mut previous, mut odd) = (z, z, 0.0, 1.0);
    // NaN differs from itself, so the comparison is written to end on it.
    while (sum - previous).abs() > 0.0 {
        previous = sum;
        odd += 2.0;
        term *= z * z / odd;
        sum += term;
    }
    let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
    (0.5 + density * sum).clamp(0.0, 1.0)
}

/// The z with P(Z ≤ z) = p, with a relative error of about 1e-16; `None` if p is not strictly between 0
/// and 1.
///
/// PPND16 of Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution", Applied
/// Statistics 37(3), 1988, 477–484.
pub(crate) fn normal_quantile(p: f64) -> Option<f64> {
    if !super::interval::is_level(p) {
        return None;
    }
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        return Some(q * CENTER.at(0.180625 - q * q));
    }
    let r = (-p.min(1.0 - p).ln()).sqrt();
    let z = if r <= 5.0 { TAIL.at(r - 1.6) } else { FAR_TAIL.at(r - 5.0) };
    Some(z.copysign(q))
}

/// A quotient of two polynomials, coefficients in descending powers.
struct Rational {
    numerator: [f64; 8],
    denominator: [f64; 8],
}

impl Rational {
    fn at(&self, x: f64) -> f64 {
        let horner = |coefficients: &[f64; 8]| coefficients.iter().fold(0.0, |sum, c| sum * x + c);
        horner(&self.numerator) / horner(&self.denominator)
    }
}

/// |p − ½| ≤ 0.425, at 0.180625 − (p − ½)².
const CENTER: Rational = Rational {
    numerator: [
        2_509.080_928_730_122_7,
        33_430.575_583_588_13,
        67_265.770_927_008_7,
        45_921.953_931_549_87,
        13_731.693_765_509_46,
        1_971.590_950_306_551_3,
        133.141_667_891_784_38,
        3.387_132_872_796_366_5,
    ],
    denominator: [
        5_226.495_278_852_854,
        28_729.085_735_721_943,
        39_307.895_800_092_71,
        21_213.794_301_586_597,
        5_394.196_021_424_751,
        687.187_007_492_057_9,
        42.313_330_701_600_91,
        1.0,
    ],
};

/// The tail at r − 1.6 with r = √(−ln p) ≤ 5.
const TAIL: Rational = Rational {
    numerator: [
        0.000_774_545_014_278_341_4,
        0.022_723_844_989_269_184,
        0.241_780_725_177_450_6,
        1.270_458_252_452_368_4,
        3.647_848_324_763_204_5,
        5.769_497_221_460_691,
        4.630_337_846_156_546,
        1.423_437_110_749_683_5,
    ],
    denominator: [
        1.050_750_071_644_416_9e-9,
        0.000_547_593_808_499_534_5,
        0.015_198_666_563_616_457,
        0.148_103_976_427_480_08,
        0.689_767_334_985_1,
        1.676_384_830_183_803_8,
        2.053_191_626_637_759,
        1.0,
    ],
};

/// The tail at r − 5 with r > 5.
const FAR_TAIL: Rational = Rational {
    numerator: [
        2.010_334_399_292_288_1e-7,
        2.711_555_568_743_487_6e-5,
        0.001_242_660_947_388_078_4,
        0.026_532_189_526_576_124,
        0.296_560_571_828_504_87,
        1.784_826_539_917_291_3,
        5.463_784_911_164_114,
        6.657_904_643_501_103,
    ],
    denominator: [
        2.044_263_103_389_939_7e-15,
        1.421_511_758_316_446e-7,
        1.846_318_317_510_054_8e-5,
        0.000_786_869_131_145_613_3,
        0.014_875_361_290_850_615,
        0.136_929_880_922_735_8,
        0.599_832_206_555_888,
        1.0,
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantile_matches_published_points() {
        // The first three are the test values of AS 241, the others solve erfc(−z/√2) = 2p with C's `erfc`.
        for (p, expected) in [
            (0.25, -0.674_489_750_196_081_7),
            (0.001, -3.090_232_306_167_813_5),
            (1e-20, -9.262_340_089_798_408),
            (1e-300, -37.047_096_299_361_2),
            (0.975, 1.959_963_984_540_054),
            (0.95, 1.644_853_626_951_472_7),
            (0.8, 0.841_621_233_572_914_2),
            (0.5, 0.0),
        ] {
            let actual = normal_quantile(p).unwrap();
            assert!((actual - expected).abs() <= 4e-15 * expected.abs(), "p = {p:e}: {actual}");
        }
        for p in [0.0, 1.0, -0.1, 1.1, f64::NAN] {
            assert_eq!(normal_quantile(p), None);
        }
    }

    #[test]
    fn cdf_matches_published_points() {
        // erfc(−z/√2)/2 with C's `erfc`.
        for (z, expected) in [
            (0.0, 0.5),
            (1.0, 0.841_344_746_068_542_9),
            (1.96, 0.975_002_104_851_779_5),
            (-3.0, 0.001_349_898_031_630_094_6),
            (-6.0, 9.865_876_450_376_946e-10),
            (9.0, 1.0),
            (-9.0, 0.0),
        ] {
            let actual = normal_cdf(z);
            assert!((actual - expected).abs() < 1e-15, "z = {z}: {actual}");
        }
        assert!(normal_cdf(f64::NAN).is_nan());
    }

    #[test]
    fn quantile_inverts_cdf() {
        // The series and the rational approximations share nothing, so each is an oracle of the other.
        for step in -700..=700 {
            let z = f64::from(step) / 100.0;
            let p = normal_cdf(z);
            if p < 0.999_999 {
                let back = normal_quantile(p).unwrap();
                // What an error of 1e-15 in p moves z by.
                let slack = 1e-15 * (0.5 * z * z).exp() * std::f64::consts::TAU.sqrt();
                assert!((back - z).abs() <= slack + 4e-15 * z.abs(), "z = {z}: {back}");
            }
        }
    }
}
