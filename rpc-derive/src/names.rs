//! Names of generated code, made from the user's.
use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::ToTokens;
use std::collections::HashSet;
use syn::{Ident, Type, ext::IdentExt, visit::Visit};

/// What a token of ours points at when it stands for the user's token at `span`.
///
/// rustc shows the user's token, but knows that the code is generated, so no lint of the user's crate applies to it.
pub(crate) fn ours(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// A local variable of ours in code that points at the user's token at `span`: in a macro of the user, whose names are
/// its own, a variable with that token's span would be another one.
pub(crate) fn local(name: &str, span: Span) -> Ident {
    Ident::new(name, ours(span))
}

/// The same tokens as [`ours`]: `pub` of the user's enum on items that no lint of theirs is about.
pub(crate) fn all_ours(tokens: impl ToTokens) -> TokenStream {
    moved(tokens.into_token_stream(), &ours)
}

/// A type of the user at one place. rustc shows a mistake in generated code once if it is the same in every word and place.
/// Each token still means what it meant: the type may come from a macro of the user.
pub(crate) fn all_at(place: Span, tokens: impl ToTokens) -> TokenStream {
    moved(tokens.into_token_stream(), &|span| span.located_at(place))
}

fn moved(tokens: TokenStream, place: &dyn Fn(Span) -> Span) -> TokenStream {
    let moved = |mut token: TokenTree| {
        let at = place(token.span());
        if let TokenTree::Group(group) = &token {
            token = TokenTree::Group(Group::new(group.delimiter(), moved(group.stream(), place)));
        }
        token.set_span(at);
        token
    };
    tokens.into_iter().map(moved).collect()
}

/// The method of a variant: `GetAll` is `get_all`, `HTTPGet` is `http_get`.
pub(crate) fn snake(variant: &Ident) -> String {
    let letters: Vec<char> = variant.unraw().to_string().chars().collect();
    let mut name = String::new();
    for (place, letter) in letters.iter().enumerate() {
        let before = place.checked_sub(1).map(|place| letters[place]);
        let next_is_lower = letters.get(place + 1).is_some_and(|next| next.is_lowercase());
        let begins_word = match before {
            None | Some('_') => false,
            Some(before) => letter.is_uppercase() && (!before.is_uppercase() || next_is_lower),
        };
        if begins_word {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

/// Whether Rust has no way to write this as a method's name: `r#crate` is no identifier either.
pub(crate) fn is_unspeakable(name: &str) -> bool {
    matches!(name, "self" | "super" | "crate" | "_")
}

/// `type` as `r#type`. A name that Rust cannot write gets an underscore; `check` reports it.
pub(crate) fn identifier(name: &str, span: Span) -> Ident {
    let span = ours(span);
    if is_unspeakable(name) {
        return Ident::new(&format!("{name}_"), span);
    }
    // Rust 2024 reserves `gen`; whether the user's crate is of that edition cannot be seen here.
    match name != "gen" && syn::parse_str::<Ident>(name).is_ok() {
        true => Ident::new(name, span),
        false => Ident::new_raw(name, span),
    }
}

/// A parameter of ours beside the user's, none of which has its name.
pub(crate) fn free_parameter<'n>(name: &str, taken: impl Iterator<Item = &'n Ident>) -> Ident {
    let taken: HashSet<String> = taken.map(|ident| ident.unraw().to_string()).collect();
    let mut name = name.to_owned();
    while taken.contains(&name) {
        name.push('_');
    }
    Ident::new(&name, Span::call_site())
}

/// A type parameter of ours beside the user's types, none of which mentions its name: readers see it, so it is short.
pub(crate) fn free_type<'t>(name: &str, beside: impl Iterator<Item = &'t Type>) -> Ident {
    struct Mentioned(HashSet<String>);
    impl<'ast> Visit<'ast> for Mentioned {
        fn visit_ident(&mut self, ident: &'ast Ident) {
            self.0.insert(ident.unraw().to_string());
        }
    }
    let mut mentioned = Mentioned(HashSet::new());
    beside.for_each(|ty| mentioned.visit_type(ty));
    let numbered = (1..).map(|number| format!("{name}{number}"));
    let free = std::iter::once(name.to_owned()).chain(numbered).find(|name| !mentioned.0.contains(name));
    Ident::new(&free.unwrap_or_else(|| name.to_owned()), Span::call_site())
}

#[cfg(test)]
mod tests {
    use super::{identifier, snake};
    use proc_macro2::Span;
    use syn::Ident;

    #[test]
    fn variants_become_snake_case() {
        let names = [
            ("Get", "get"),
            ("GetAll", "get_all"),
            ("Get_all", "get_all"),
            ("HTTPGet", "http_get"),
            ("GetHTTP", "get_http"),
            ("GetV2", "get_v2"),
            ("X509Cert", "x509_cert"),
            ("_Hidden", "_hidden"),
            ("Öffne", "öffne"),
        ];
        for (variant, method) in names {
            assert_eq!(snake(&Ident::new(variant, Span::call_site())), method, "{variant}");
        }
    }

    #[test]
    fn keywords_become_raw() {
        let method = |name| identifier(name, Span::call_site()).to_string();
        assert_eq!([method("type"), method("gen"), method("get")], ["r#type", "r#gen", "get"]);
        assert_eq!(method("crate"), "crate_");
    }
}
