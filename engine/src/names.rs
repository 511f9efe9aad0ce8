//! One name for each variant of a closed enum: written, read back and listed in errors by the same table.

use std::fmt;

/// Gives an enum `ALL`, `name`, `Display` and `FromStr` from one table of names.
macro_rules! named {
    ($type:ident { $($variant:ident => $name:literal),+ $(,)? }) => {
        impl $type {
            /// Every value, in the order in which it is documented.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name used in files, flags and reports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::names::UnknownName;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                match name {
                    $($name => Ok(Self::$variant),)+
                    _ => Err($crate::names::UnknownName::new(name, &[$($name),+])),
                }
            }
        }
    };
}
pub(crate) use named;

/// A name that stands for nothing here, with the names that do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    name: String,
    known: &'static [&'static str],
}

impl UnknownName {
    pub(crate) fn new(name: &str, known: &'static [&'static str]) -> Self {
        Self { name: name.to_owned(), known }
    }
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is none of {}", self.name, self.known.join(", "))
    }
}

impl std::error::Error for UnknownName {}

#[cfg(test)]
mod tests {
    use crate::Strategy;

    #[test]
    fn names_are_read_back_and_others_refused() {
        for &strategy in Strategy::ALL {
            assert_eq!(strategy.name().parse(), Ok(strategy));
        }
        let error = "zerocopy".parse::<Strategy>().unwrap_err();
        assert_eq!(error.to_string(), "`zerocopy` is none of auto, zero-copy, buffered");
    }
}
