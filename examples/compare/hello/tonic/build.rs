//! Compiles the service's description, by a compiler in Rust.
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let files = protox::compile(["hello.proto"], ["."])?;
    tonic_prost_build::configure().compile_fds(files)?;
    println!("cargo::rerun-if-changed=hello.proto");
    Ok(())
}
