//! One case for each rule of the derive; `compile-fail/README.md` says what each is for.
//!
//! The messages are those of the toolchain that CI pins. `TRYBUILD=overwrite` writes them anew; read the difference.

#[test]
fn mistakes_have_their_messages() {
    trybuild::TestCases::new().compile_fail("tests/compile-fail/*.rs");
}
