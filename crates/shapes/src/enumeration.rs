//! Enumerations of the model: a closed set of texts.

/// A text that is not among the values of an enumeration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownValue;

impl std::fmt::Display for UnknownValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not a value of the enumeration")
    }
}

impl std::error::Error for UnknownValue {}

/// An enumeration of the model.
pub(crate) trait Enumeration: Copy {
    /// The texts in the model's order.
    const TEXTS: &'static [&'static str];

    fn of(text: &str) -> Option<Self>;
}

macro_rules! enumeration {
    ($($(#[$meta:meta])* $name:ident { $($variant:ident = $text:literal,)+ })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $(#[doc = concat!("`", $text, "`")] $variant,)+
        }

        impl $name {
            /// Every value, in the model's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The text on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl $crate::enumeration::Enumeration for $name {
            const TEXTS: &'static [&'static str] = &[$($text,)+];

            fn of(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::enumeration::UnknownValue;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                <Self as $crate::enumeration::Enumeration>::of(text)
                    .ok_or($crate::enumeration::UnknownValue)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl $crate::view::Viewed for $name {
            fn view(&self) -> $crate::view::View<'_> {
                $crate::view::View::Text(self.as_str())
            }
        }

        #[cfg(test)]
        impl $crate::tests::filled::Filled for $name {
            fn filled(_name: &str) -> Self {
                Self::ALL[0]
            }
        }
    )*};
}
pub(crate) use enumeration;
