//! The grammar of `#[rpc(..)]`: keys, some with a type or a text, between commas.
use super::model::Rpc;
use crate::{errors::Errors, names};
use proc_macro2::{Span, TokenTree};
use std::time::Duration;
use syn::{
    Error, Ident, LitStr, Token, Type, Variant,
    ext::IdentExt,
    parse::{ParseStream, Result},
    parse_quote_spanned,
};

const KEYS: &str = "`returns`, `stream`, `accepts`, `oneway`, `idempotent`, `blocking`, `timeout`";

/// What the attributes of a variant say, and whether that is all right; else it is reported.
pub(super) fn rpc(variant: &Variant, errors: &mut Errors) -> (Rpc, bool) {
    let mut rpc = Rpc::default();
    let mut is_whole = true;
    for attribute in variant.attrs.iter().filter(|attribute| attribute.path().is_ident("rpc")) {
        let keys = attribute.parse_args_with(|input: ParseStream<'_>| keys(input, &mut rpc, errors));
        match keys {
            Ok(all_good) => is_whole &= all_good,
            Err(error) => {
                errors.add(error);
                is_whole = false;
            }
        }
    }
    if rpc.is_silent() && is_whole {
        errors.push(&variant.ident, silent(&variant.ident));
    }
    if rpc.items().next().is_some() && rpc.oneway.is_none() {
        let at = names::ours(variant.ident.span());
        rpc.returns.get_or_insert_with(|| parse_quote_spanned!(at=> ()));
    }
    let is_sound = is_whole && !rpc.is_silent();
    (rpc, is_sound)
}

fn silent(variant: &Ident) -> String {
    format!(
        "what does `{variant}` answer? add `#[rpc(returns = Type)]` (`returns = ()` for just \"done\"), \
         `#[rpc(stream = Item)]`, `#[rpc(accepts = Item)]` or `#[rpc(oneway)]`"
    )
}

/// Reads on behind a mistake, so that each of them is reported. Gives whether there was none.
fn keys(input: ParseStream<'_>, rpc: &mut Rpc, errors: &mut Errors) -> Result<bool> {
    let mut all_good = true;
    while !input.is_empty() {
        let name = input.call(Ident::parse_any)?;
        if let Err(error) = key(&name, input, rpc) {
            errors.add(error);
            all_good = false;
            skip_value(input)?;
        }
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(all_good)
}

fn key(name: &Ident, input: ParseStream<'_>, rpc: &mut Rpc) -> Result<()> {
    match name.to_string().as_str() {
        "returns" => type_of(&mut rpc.returns, name, input),
        "stream" => type_of(&mut rpc.stream, name, input),
        "accepts" => type_of(&mut rpc.accepts, name, input),
        "oneway" => flag(&mut rpc.oneway, name, input),
        "idempotent" => flag(&mut rpc.idempotent, name, input),
        "blocking" => flag(&mut rpc.blocking, name, input),
        "timeout" => {
            let time = timeout(name, input)?;
            once(&mut rpc.timeout, time, name)
        }
        other => Err(Error::new(name.span(), unknown(other))),
    }
}

fn unknown(key: &str) -> String {
    let meant = match key {
        "return" | "reply" | "response" | "answer" | "answers" => "; did you mean `returns`?",
        "streams" | "yields" | "sends" | "items" => "; did you mean `stream`?",
        "accept" | "takes" | "upload" => "; did you mean `accepts`?",
        "one_way" | "notify" => "; did you mean `oneway`?",
        "idempotence" | "retry" => "; did you mean `idempotent`?",
        "deadline" | "time" => "; did you mean `timeout`?",
        _ => "",
    };
    format!("unknown key `{key}`{meant} (keys: {KEYS})")
}

fn type_of(slot: &mut Option<Type>, name: &Ident, input: ParseStream<'_>) -> Result<()> {
    let has_sign = input.parse::<Option<Token![=]>>()?.is_some();
    if !has_sign || input.is_empty() || input.peek(Token![,]) {
        return Err(Error::new(name.span(), format!("which type? write `{name} = Type`")));
    }
    once(slot, input.parse()?, name)
}

fn flag(slot: &mut Option<Span>, name: &Ident, input: ParseStream<'_>) -> Result<()> {
    if input.peek(Token![=]) {
        return Err(Error::new(name.span(), format!("`{name}` stands alone, without a value")));
    }
    once(slot, name.span(), name)
}

fn once<T>(slot: &mut Option<T>, value: T, name: &Ident) -> Result<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Error::new(name.span(), format!("`{name}` is said twice"))),
    }
}

fn timeout(name: &Ident, input: ParseStream<'_>) -> Result<Duration> {
    const EXPECTED: &str = "expected a time above zero such as \"250ms\", \"30s\", \"10m\" or \"1h\"";
    if !input.peek(Token![=]) {
        return Err(Error::new(name.span(), "how long? write `timeout = \"30s\"`"));
    }
    input.parse::<Token![=]>()?;
    let text: LitStr = input.fork().parse().map_err(|error| Error::new(error.span(), EXPECTED))?;
    let time = duration(&text.value()).ok_or_else(|| Error::new(text.span(), EXPECTED))?;
    input.parse::<LitStr>()?;
    Ok(time)
}

fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    let millis = match &text[digits..] {
        "ms" => Some(1),
        "s" => Some(1000),
        "m" => Some(60 * 1000),
        "h" => Some(60 * 60 * 1000),
        _ => None,
    };
    let time = Duration::from_millis(number.checked_mul(millis?)?);
    Some(time).filter(|time| !time.is_zero())
}

/// What follows a key up to its comma. A type is skipped as one, for the commas in it.
fn skip_value(input: ParseStream<'_>) -> Result<()> {
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        if input.fork().parse::<Type>().is_ok() {
            input.parse::<Type>()?;
        }
    }
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::duration;
    use std::time::Duration;

    #[test]
    fn times_have_a_unit_and_are_above_zero() {
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(duration("10m"), Some(Duration::from_secs(600)));
        assert_eq!(duration("1h"), Some(Duration::from_secs(3600)));
        for wrong in ["", "30", "s", "0s", "1.5s", "-1s", "1d", "99999999999999999999s", "18446744073709551615h"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }
}
