//! The user's types, looked at and rewritten.
use proc_macro2::Span;
use syn::{
    Ident, Lifetime, Path, Type, TypeReference,
    visit::{self, Visit},
    visit_mut::{self, VisitMut},
};

/// `&'a str` in the enum is `&str` in a method, `Cow<'a, str>` is `Cow<'_, str>`.
pub(crate) fn elided(ty: &Type) -> Type {
    struct Elide;
    impl VisitMut for Elide {
        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            if lifetime.ident != "static" {
                lifetime.ident = Ident::new("_", lifetime.ident.span());
            }
        }
        fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
            if reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident != "static") {
                reference.lifetime = None;
            }
            visit_mut::visit_type_reference_mut(self, reference);
        }
    }
    let mut ty = ty.clone();
    Elide.visit_type_mut(&mut ty);
    ty
}

/// `&'a str` as `&'static str`: what a type is described as, for which its lifetime is of no interest.
pub(crate) fn forever(ty: &Type) -> Type {
    struct Forever;
    impl VisitMut for Forever {
        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            lifetime.ident = Ident::new("static", lifetime.ident.span());
        }
    }
    let mut ty = ty.clone();
    Forever.visit_type_mut(&mut ty);
    ty
}

/// Whether a field borrows from its message: then it says so, by a lifetime or a `&`.
pub(crate) fn borrows(ty: &Type) -> bool {
    struct Found(bool);
    impl<'ast> Visit<'ast> for Found {
        fn visit_lifetime(&mut self, _: &'ast Lifetime) {
            self.0 = true;
        }
        fn visit_type_reference(&mut self, _: &'ast TypeReference) {
            self.0 = true;
        }
    }
    let mut found = Found(false);
    found.visit_type(ty);
    found.0
}

/// The references of `ty`, and its lifetimes outside of them that are not `'static`: what ties a value to a message.
pub(crate) fn loans(ty: &Type) -> Vec<Loan<'_>> {
    struct Loans<'ast>(Vec<Loan<'ast>>);
    impl<'ast> Visit<'ast> for Loans<'ast> {
        fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
            self.0.push(Loan::Reference(reference));
        }
        fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
            if lifetime.ident != "static" {
                self.0.push(Loan::Lifetime(lifetime));
            }
        }
    }
    let mut loans = Loans(Vec::new());
    loans.visit_type(ty);
    loans.0
}

/// One place where a type borrows.
pub(crate) enum Loan<'a> {
    /// `&'a T`, with all that is in it.
    Reference(&'a TypeReference),
    /// `'a` in `Cow<'a, str>`.
    Lifetime(&'a Lifetime),
}

/// `&[u8]`, as written: travels as one block. (Owned types choose by `Value`.)
pub(crate) fn is_byte_slice(ty: &Type) -> bool {
    let Type::Reference(reference) = bare(ty) else { return false };
    let Type::Slice(slice) = bare(&reference.elem) else { return false };
    matches!(bare(&slice.elem), Type::Path(path) if path.path.is_ident("u8"))
}

/// A type without the parentheses around it, and without the unseen ones that a macro of the user puts there.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        other => other,
    }
}

/// Where `Self` stands in a type.
pub(crate) fn mention_of_self(ty: &Type) -> Option<Span> {
    struct Found(Option<Span>);
    impl<'ast> Visit<'ast> for Found {
        fn visit_ident(&mut self, ident: &'ast Ident) {
            if ident == "Self" {
                self.0 = self.0.or(Some(ident.span()));
            }
        }
    }
    let mut found = Found(None);
    found.visit_type(ty);
    found.0
}

/// Where a descriptor stands in a type, as far as its name tells: `Fd`, or `rpc_core::Fd`.
pub(crate) fn descriptor(ty: &Type) -> Option<&Path> {
    struct Found<'ast>(Option<&'ast Path>);
    impl<'ast> Visit<'ast> for Found<'ast> {
        fn visit_path(&mut self, path: &'ast Path) {
            let plain = |segment: &syn::PathSegment| segment.arguments.is_none();
            let mut names = path.segments.iter().rev().map(|segment| &segment.ident);
            let is_fd = names.next().is_some_and(|name| name == "Fd") && path.segments.last().is_some_and(plain);
            if is_fd && names.next().is_none_or(|name| name == "rpc_core") {
                self.0.get_or_insert(path);
            }
            visit::visit_path(self, path);
        }
    }
    let mut found = Found(None);
    found.visit_type(ty);
    found.0
}

/// Names of the standard library that a service's own types seldom have.
const STANDARD: [&str; 24] = [
    "String",
    "Vec",
    "Option",
    "Result",
    "Box",
    "Arc",
    "Cow",
    "HashMap",
    "BTreeMap",
    "HashSet",
    "BTreeSet",
    "Duration",
    "SystemTime",
    "PathBuf",
    "IpAddr",
    "SocketAddr",
    "VecDeque",
    "std",
    "core",
    "alloc",
    "collections",
    "time",
    "path",
    "net",
];

/// Whether a type looks as if the standard library alone had made it. A guess, for choosing where an error is shown.
pub(crate) fn is_standard(ty: &Type) -> bool {
    struct Foreign(bool);
    impl<'ast> Visit<'ast> for Foreign {
        fn visit_path_segment(&mut self, segment: &'ast syn::PathSegment) {
            let name = segment.ident.to_string();
            self.0 |= name.starts_with(char::is_uppercase) && !STANDARD.contains(&name.as_str());
            visit::visit_path_segment(self, segment);
        }
    }
    let mut foreign = Foreign(false);
    foreign.visit_type(ty);
    !foreign.0
}

#[cfg(test)]
mod tests {
    use super::{borrows, descriptor, elided, is_byte_slice, is_standard};
    use proc_macro2::{Delimiter, Group, TokenTree};
    use quote::{ToTokens, quote};
    use syn::{Type, parse_quote, parse2};

    #[test]
    fn bytes_are_bytes_however_they_are_wrapped() {
        let unseen = Group::new(Delimiter::None, quote!(&'a [u8]));
        let from_a_macro: Type = parse2(TokenTree::Group(unseen).into()).expect("a type");
        assert!(is_byte_slice(&from_a_macro));
        assert!(is_byte_slice(&parse_quote!(&'a (([u8])))));
        assert!(!is_byte_slice(&parse_quote!(&'a [u16])));
        assert!(!is_byte_slice(&parse_quote!(Vec<u8>)));
    }

    #[test]
    fn a_lifetime_is_a_loan_and_is_elided() {
        let ty: Type = parse_quote!(Option<(&'a str, Cow<'a, str>, &'static str)>);
        let short: Type = parse_quote!(Option<(&str, Cow<'_, str>, &'static str)>);
        assert!(borrows(&ty));
        assert_eq!(elided(&ty).to_token_stream().to_string(), short.to_token_stream().to_string());
        assert!(!borrows(&parse_quote!(Vec<Option<u8>>)));
    }

    #[test]
    fn a_descriptor_is_known_by_its_name() {
        for ty in ["Fd", "rpc_core::Fd", "::rpc_core::Fd", "Vec<(u8, Option<Fd>)>"] {
            assert!(descriptor(&syn::parse_str(ty).expect("a type")).is_some(), "{ty}");
        }
        for ty in ["Fds", "self::Fd", "crate::Fd", "Fd::Number", "Fd<u8>", "Vec<u8>"] {
            assert!(descriptor(&syn::parse_str(ty).expect("a type")).is_none(), "{ty}");
        }
    }

    #[test]
    fn what_looks_like_the_standard_librarys() {
        for ty in ["String", "Vec<Option<u8>>", "std::collections::HashMap<u32, [bool; 3]>", "(u8, Box<str>)"] {
            assert!(is_standard(&syn::parse_str(ty).expect("a type")), "{ty}");
        }
        for ty in ["Level", "Vec<Level>", "crate::log::Level", "HashMap<String, (u8, Level)>"] {
            assert!(!is_standard(&syn::parse_str(ty).expect("a type")), "{ty}");
        }
    }
}
