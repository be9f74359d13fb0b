//! What compiles, what doesn't, and what the compiler then says.

/// Each program in `pass` compiles; each in `fail` doesn't, with the message beside it.
#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
}
