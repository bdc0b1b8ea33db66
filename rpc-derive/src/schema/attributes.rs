//! The grammar of `#[serde(..)]`: `key`, `key = value` and `key(..)`, between commas. Which keys exist, serde knows.
use proc_macro2::TokenTree;
use syn::{
    Attribute, Ident, LitStr, Token,
    ext::IdentExt,
    parenthesized,
    parse::{Parse, ParseStream, Result},
    punctuated::Punctuated,
};

/// One key of serde's.
pub(super) struct Key {
    pub(super) name: Ident,
    pub(super) value: Value,
}

/// What a key says.
pub(super) enum Value {
    /// It stands alone, or says something that is of no interest here.
    Nothing,
    /// `rename = "name"`
    Text(LitStr),
    /// `rename(serialize = "name", deserialize = "name")`
    Directions(Vec<(Ident, LitStr)>),
}

/// All keys of an item. What does not parse is left to serde's derive, which reports it.
pub(super) fn keys(attributes: &[Attribute]) -> Vec<Key> {
    let serde = attributes.iter().filter(|attribute| attribute.path().is_ident("serde"));
    let parsed =
        serde.filter_map(|attribute| attribute.parse_args_with(Punctuated::<Key, Token![,]>::parse_terminated).ok());
    parsed.flatten().collect()
}

impl Key {
    /// Whether it is `name`.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name == name
    }
}

impl Parse for Key {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name = input.call(Ident::parse_any)?;
        let value = value(input)?;
        while !input.is_empty() && !input.peek(Token![,]) {
            input.parse::<TokenTree>()?;
        }
        Ok(Self { name, value })
    }
}

fn value(input: ParseStream<'_>) -> Result<Value> {
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        return Ok(input.parse::<LitStr>().map_or(Value::Nothing, Value::Text));
    }
    if !input.peek(syn::token::Paren) {
        return Ok(Value::Nothing);
    }
    let inside;
    parenthesized!(inside in input);
    let direction = |input: ParseStream<'_>| {
        let name = input.call(Ident::parse_any)?;
        input.parse::<Token![=]>()?;
        Ok((name, input.parse::<LitStr>()?))
    };
    let directions = inside.parse_terminated(direction, Token![,]);
    // A `bound(..)` of serde's may hold anything; a parse buffer must be used up all the same.
    inside.parse::<proc_macro2::TokenStream>()?;
    Ok(directions.map_or(Value::Nothing, |all| Value::Directions(all.into_iter().collect())))
}
