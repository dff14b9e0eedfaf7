//! The source from which a service takes its core: twins, since only a configuration replaces a core.

#[cfg(not(feature = "config"))]
mod fixed;
#[cfg(feature = "config")]
mod replaceable;

#[cfg(not(feature = "config"))]
pub(super) use self::fixed::CoreSource;
#[cfg(feature = "config")]
pub(super) use self::replaceable::CoreSource;
