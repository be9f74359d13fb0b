//! Structs whose fields have default values.

/// The syntax is that of RFC 3681, which isn't stable yet. In `EMPTY`, every field has its default value.
macro_rules! with_defaults {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$doc:meta])* pub $field:ident: $type:ty = $value:expr,)* }) => {
        $(#[$meta])*
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl $name {
            /// The default value of every field.
            pub const EMPTY: Self = Self { $($field: $value,)* };
        }
    };
}
