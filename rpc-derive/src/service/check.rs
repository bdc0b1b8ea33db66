//! Every rule about a whole service, and every message. (`attributes` has those about one `#[rpc(..)]`.)
use super::model::{Argument, Method, Rpc, Service};
use crate::{
    errors::Errors,
    names,
    types::{self, Loan},
};
use std::collections::HashMap;
use syn::{Attribute, Data, DeriveInput, Type, TypeReference};

/// The longest tuple that serde knows, and arguments travel as a tuple.
const ARGUMENTS_MAX: usize = 16;

/// Reports, and takes out of the model what would only cause more errors.
pub(super) fn service(input: &DeriveInput, service: &mut Service<'_>, errors: &mut Errors) {
    generics(input, errors);
    enum_itself(input, errors);
    method_names(service, errors);
    for method in &mut service.methods {
        arguments(method, errors);
        method.is_sound &= conversation(&mut method.rpc, errors);
    }
}

fn generics(input: &DeriveInput, errors: &mut Errors) {
    for parameter in input.generics.type_params() {
        errors.push(parameter, "a service cannot be generic over types: both ends must agree on one wire format");
    }
    for parameter in input.generics.const_params() {
        errors.push(parameter, "a service cannot be generic over constants: both ends must agree on one wire format");
    }
    for second in input.generics.lifetimes().skip(1) {
        errors.push(second, "one lifetime is enough: all fields of a request borrow from the same message");
    }
}

/// Rules about the enum as it is written, variant by variant.
fn enum_itself(input: &DeriveInput, errors: &mut Errors) {
    let Data::Enum(data) = &input.data else { return };
    if data.variants.is_empty() {
        errors.push(&input.ident, "a service has at least one method: add a variant");
    }
    misplaced(&input.attrs, errors);
    without_serde(&input.attrs, errors);
    for variant in &data.variants {
        without_serde(&variant.attrs, errors);
        if let Some((_, discriminant)) = &variant.discriminant {
            errors.push(
                discriminant,
                "a method's number is its place in the enum: a discriminant has no effect, remove it",
            );
        }
        for field in &variant.fields {
            misplaced(&field.attrs, errors);
            without_serde(&field.attrs, errors);
        }
    }
}

fn misplaced(attributes: &[Attribute], errors: &mut Errors) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("rpc")) {
        errors.push(attribute, "`#[rpc(..)]` says how one method talks: put it on a variant");
    }
}

fn without_serde(attributes: &[Attribute], errors: &mut Errors) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        errors.push(attribute, "serde's attributes have no effect on a service: put them on the types of its fields");
    }
}

/// Two methods of one name: the first one stays.
fn method_names(service: &mut Service<'_>, errors: &mut Errors) {
    let mut seen = HashMap::new();
    service.methods.retain(|method| {
        let (variant, name) = (method.variant, names::snake(method.variant));
        if names::is_unspeakable(&name) {
            errors.push(variant, format!("`{variant}` would be the method `{name}`, which Rust cannot write"));
        }
        match seen.insert(name.clone(), variant) {
            Some(first) => {
                errors.push(variant, format!("`{first}` and `{variant}` would both be the method `{name}`"));
                false
            }
            None => true,
        }
    });
}

/// An argument that cannot be read makes the whole method a shape.
fn arguments(method: &mut Method<'_>, errors: &mut Errors) {
    if method.arguments.len() > ARGUMENTS_MAX {
        errors.push(method.variant, format!("more than {ARGUMENTS_MAX} arguments: put them into a struct"));
    }
    for Argument { ty, .. } in &method.arguments {
        speaks_of_self(ty, errors);
        for loan in types::loans(ty) {
            if let Loan::Reference(reference) = loan {
                borrowed(reference, errors);
            }
        }
    }
}

/// A message has text and bytes to borrow; everything else in it must be decoded into something.
fn borrowed(reference: &TypeReference, errors: &mut Errors) {
    if reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static") {
        errors.push(reference, "an argument lives as long as its message, not forever: use the enum's lifetime");
    }
    let elem = types::bare(&reference.elem);
    let is = |name: &str| matches!(elem, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == name));
    let instead = match elem {
        _ if reference.mutability.is_some() => "nothing in a message can be changed",
        Type::Slice(_) if !types::is_byte_slice(&Type::Reference(reference.clone())) => "`Vec<T>` for `&[T]`",
        _ if is("String") => "`&str` for `&String`",
        _ if is("Vec") => "`&[u8]` or `Vec<T>` for `&Vec<T>`",
        _ => return,
    };
    errors.push(reference, format!("only `&str` and `&[u8]` can be borrowed from a message: {instead}"));
}

/// Whether the keys of one method say how it talks, and its types can travel.
fn conversation(rpc: &mut Rpc, errors: &mut Errors) -> bool {
    if rpc.oneway.is_some() {
        let others = [("returns", &rpc.returns), ("stream", &rpc.stream), ("accepts", &rpc.accepts)];
        for (key, ty) in others.iter().filter_map(|(key, ty)| Some((key, ty.as_ref()?))) {
            errors.push(
                ty,
                format!("a one-way method has no `{key}`: nothing comes back, and nothing follows the request"),
            );
        }
        if let Some(idempotent) = rpc.idempotent {
            errors.at(
                idempotent,
                "only a method with an answer can be `idempotent`: nobody learns that a one-way call failed",
            );
        }
    }
    for fd in [&rpc.accepts, &rpc.stream].into_iter().flatten().filter_map(types::descriptor) {
        let way_out = "make it an argument or an answer (your own type of that name is `self::Fd`)";
        errors.push(fd, format!("items carry no descriptors: {way_out}"));
    }
    let mut is_sound = true;
    for slot in [&mut rpc.accepts, &mut rpc.stream, &mut rpc.returns] {
        is_sound &= slot.as_ref().is_none_or(|ty| owned(ty, errors));
        // What is left is still a parameter of the handler's method, where `Self` is the handler.
        slot.take_if(|ty| types::mention_of_self(ty).is_some());
    }
    is_sound
}

/// An answer, or an item, outlives the message that it came in.
fn owned(ty: &Type, errors: &mut Errors) -> bool {
    let speaks_of_self = speaks_of_self(ty, errors);
    let loans = types::loans(ty);
    for loan in &loans {
        match loan {
            Loan::Reference(reference) => {
                errors.push(reference, "answers and items own their data: `String` for `&str`, `Vec<T>` for `&[T]`");
            }
            Loan::Lifetime(lifetime) => {
                errors.push(lifetime, "answers and items own their data: they cannot borrow from the request");
            }
        }
    }
    loans.is_empty() && !speaks_of_self
}

/// `Self` would be another type in each item that the type is copied into.
fn speaks_of_self(ty: &Type, errors: &mut Errors) -> bool {
    let mention = types::mention_of_self(ty);
    if let Some(span) = mention {
        errors.at(span, "a request is no value that can travel inside itself: name another type than `Self`");
    }
    mention.is_some()
}
