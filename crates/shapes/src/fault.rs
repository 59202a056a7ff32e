//! What an operation answers when it fails.

use std::borrow::Cow;
use std::fmt;

/// A failed call as it goes to the wire, and why for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The exception's wire code, for example `NotFoundException`.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The text for the caller; several exceptions are answered without a message member at all.
    pub message: Option<Cow<'static, str>>,
    /// Why, for the log only; never sent.
    pub cause: Option<String>,
    /// Whether the operation's model lists it: it then has the same name and status in every protocol.
    pub modeled: bool,
    /// The member that holds the text: `message`, of some services' exceptions `Message`.
    pub text_member: &'static str,
}

impl Fault {
    /// A fault without a message, of those every operation may answer.
    pub const fn new(code: &'static str, status: u16) -> Self {
        Self { code, status, message: None, cause: None, modeled: false, text_member: "message" }
    }

    /// The same fault with a text for the caller.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// The same fault with a reason for the log.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)?;
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}

/// Something went wrong that is not the caller's doing: status 500, no message, the cause for the
/// log. An operation whose service models its own name for this answers with that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InternalFailure {
    cause: String,
}

impl InternalFailure {
    /// The wire code where the service models none of its own.
    pub const CODE: &'static str = "InternalFailure";
    /// The HTTP status.
    pub const STATUS: u16 = 500;

    /// A failure with its reason, which only the log will see.
    pub fn new(cause: impl fmt::Display) -> Self {
        Self { cause: cause.to_string() }
    }
}

impl fmt::Display for InternalFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", Self::CODE, self.cause)
    }
}

impl std::error::Error for InternalFailure {}

impl From<InternalFailure> for Fault {
    fn from(failure: InternalFailure) -> Self {
        Self::new(InternalFailure::CODE, InternalFailure::STATUS).with_cause(failure.cause)
    }
}

/// Declares exceptions: a type each, with its wire code and HTTP status.
macro_rules! exceptions {
    ($($(#[$meta:meta])* $name:ident = $code:literal $status:literal $($member:literal)?;)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            message: Option<std::borrow::Cow<'static, str>>,
        }

        impl $name {
            /// The code on the wire.
            pub const CODE: &'static str = $code;
            /// The HTTP status.
            pub const STATUS: u16 = $status;

            /// The exception with a text for the caller.
            pub fn new(message: impl Into<std::borrow::Cow<'static, str>>) -> Self {
                Self { message: Some(message.into()) }
            }

            /// The exception without a message member.
            pub const fn bare() -> Self {
                Self { message: None }
            }
        }

        impl From<$name> for $crate::fault::Fault {
            fn from(exception: $name) -> Self {
                #[allow(unused_mut)]
                let mut fault = Self { message: exception.message, ..Self::new($name::CODE, $name::STATUS) };
                $(fault.text_member = $member;)?
                fault
            }
        }
    )+};
}
pub(crate) use exceptions;

exceptions! {
    /// A member of the request breaks a rule. Every operation may answer it; no model lists it.
    ValidationException = "ValidationException" 400;
    /// The caller may not do this. Every operation may answer it; no model lists it.
    AccessDeniedException = "AccessDeniedException" 400;
    /// The caller is too fast. Every operation may answer it; no model lists it.
    ThrottlingException = "ThrottlingException" 400;
    /// The name is reserved for AWS. The service answers it; no model lists it.
    NotAuthorizedException = "NotAuthorizedException" 400;
    /// Members of the request contradict each other. STS answers it; no model lists it.
    InvalidParameterValueException = "InvalidParameterValue" 400;
    /// The credentials are good, but not for this operation. Every operation may answer it; no model lists it.
    UnrecognizedClientException = "UnrecognizedClientException" 400;
}

/// Declares the error type of an operation: it can be made only from the exceptions the model
/// lists for it and from those common to all operations.
macro_rules! operation_error {
    ($(#[$meta:meta])* $name:ident, internal $internal:expr; $($exception:ident),* $(,)?) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name($crate::fault::Fault);

        impl From<$crate::fault::InternalFailure> for $name {
            fn from(failure: $crate::fault::InternalFailure) -> Self {
                let fault = $crate::fault::Fault::from(failure);
                Self($crate::fault::Fault { code: $internal, ..fault })
            }
        }

        operation_error!(@from $name, $crate::fault::ValidationException);
        operation_error!(@from $name, $crate::fault::AccessDeniedException);
        operation_error!(@from $name, $crate::fault::ThrottlingException);
        operation_error!(@from $name, $crate::fault::NotAuthorizedException);
        operation_error!(@from $name, $crate::fault::UnrecognizedClientException);
        operation_error!(@from $name, $crate::fault::InvalidParameterValueException);
        $(operation_error!(@model $name, super::errors::$exception);)*

        impl From<$name> for $crate::fault::Fault {
            fn from(error: $name) -> Self {
                error.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::error::Error for $name {}
    };
    (@model $name:ident, $exception:ty) => {
        impl From<$exception> for $name {
            fn from(exception: $exception) -> Self {
                Self($crate::fault::Fault { modeled: true, ..exception.into() })
            }
        }
    };
    (@from $name:ident, $exception:ty) => {
        impl From<$exception> for $name {
            fn from(exception: $exception) -> Self {
                Self(exception.into())
            }
        }
    };
}
pub(crate) use operation_error;
