//! The author's hook: one that is written is called.

use std::marker::PhantomData;

use crate::render::Customize;

/// Tells whether `T` has a hook: the compiler takes the constant of the type before that of [`NoHook`], where there is one.
pub struct Hook<T>(PhantomData<T>);

impl<T: Customize> Hook<T> {
    /// It has.
    pub const THERE: bool = true;
}

/// See [`Hook`]; to be imported where that is asked.
pub trait NoHook {
    /// It has none.
    const THERE: bool = false;
}

impl<T> NoHook for Hook<T> {}

/// Of a struct without `customize`.
#[track_caller]
pub const fn uncalled(there: bool) {
    if there {
        panic!("this struct has a hook, `impl Customize`, that nobody calls: add `customize` to #[operator(…)]");
    }
}
