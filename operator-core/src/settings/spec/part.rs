//! The macro that declares the parts of a node's settings.

/// Declares structs and enums of the custom resource: their schemas are written where they are used, and names are in camel case.
///
/// A field of a type with parameters (`Option`, `Vec`, `BTreeMap`) may be left out and isn't written where it is empty, unless
/// `required` stands before it; any other is required.
/// `as` names the kind of text. After the fields, `where { … }` holds CEL rules, each with what is said where it doesn't hold.
macro_rules! parts {
    ($(
        $(#[$attribute:meta])*
        pub $keyword:ident $name:ident { $($body:tt)* } $(where { $($rule:literal: $message:literal,)+ })?
    )+) => {
        $($crate::settings::spec::part::part!(@$keyword [
            $(#[$attribute])*
            $(#[schemars(extend("x-kubernetes-validations" = [$({ "rule": $rule, "message": $message }),+]))])?
        ] $name { $($body)* });)+
    };
}
pub(crate) use parts;

/// One of [`parts`]. Fields are moved, with the attributes that they need, from the last braces to those before.
macro_rules! part {
    (@enum [$($attributes:tt)*] $name:ident $variants:tt) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[schemars(inline)]
        $($attributes)*
        pub enum $name $variants
    };
    (@struct $attributes:tt $name:ident $fields:tt) => {
        $crate::settings::spec::part::part!(@fields $attributes $name {} $fields);
    };
    (@fields $attributes:tt $name:ident { $($done:tt)* } {
        $(#[$attribute:meta])* $field:ident: required $type:ty $(as $text:ident)?, $($rest:tt)*
    }) => {
        $crate::settings::spec::part::part!(@fields $attributes $name {
            $($done)*
            $(#[$attribute])*
            $(#[schemars(length(max = $text.longest), regex(pattern = $text.pattern))])?
            pub $field: $type,
        } { $($rest)* });
    };
    (@fields $attributes:tt $name:ident { $($done:tt)* } {
        $(#[$attribute:meta])* $field:ident: $outer:ident<$($type:ty),+> $(as $text:ident)?, $($rest:tt)*
    }) => {
        $crate::settings::spec::part::part!(@fields $attributes $name {
            $($done)*
            #[serde(default, skip_serializing_if = "crate::settings::spec::is_default")]
            $(#[$attribute])*
            $(#[schemars(length(max = $text.longest), regex(pattern = $text.pattern))])?
            pub $field: $outer<$($type),+>,
        } { $($rest)* });
    };
    (@fields $attributes:tt $name:ident { $($done:tt)* } {
        $(#[$attribute:meta])* $field:ident: $type:ty $(as $text:ident)?, $($rest:tt)*
    }) => {
        $crate::settings::spec::part::part!(@fields $attributes $name { $($done)* } {
            $(#[$attribute])* $field: required $type $(as $text)?, $($rest)*
        });
    };
    (@fields [$($attributes:tt)*] $name:ident $fields:tt {}) => {
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "camelCase")]
        #[schemars(inline)]
        $($attributes)*
        pub struct $name $fields
    };
}
pub(crate) use part;
