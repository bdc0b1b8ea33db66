//! Compiles the service's description.
use std::error::Error;
use std::path::Path;
use ttrpc_codegen::{Codegen, Customize, ProtobufCustomize};

fn main() -> Result<(), Box<dyn Error>> {
    let out = std::env::var("OUT_DIR")?;
    Codegen::new()
        .out_dir(&out)
        .input("hello.proto")
        .include(".")
        .rust_protobuf()
        .rust_protobuf_customize(ProtobufCustomize::default().gen_mod_rs(false))
        .customize(Customize::default())
        .run()?;
    println!("cargo::rerun-if-changed=hello.proto");
    Ok(std::fs::write(Path::new(&out).join("mod.rs"), "pub mod hello;\npub mod hello_ttrpc;\n")?)
}
