//! Compiles the service's description; needs the compiler `capnp`.
fn main() -> Result<(), capnp::Error> {
    capnpc::CompilerCommand::new().file("hello.capnp").run()
}
