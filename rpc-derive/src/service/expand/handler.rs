//! `trait KvHandler`: one function per method, and what makes it an `rpc_core::Handler`.
use super::{Passing, all_are_values, allowing_parameters, answer_span, parameters, passing, tuple};
use crate::{
    names::{all_at, free_parameter, free_type, local, ours},
    service::model::{Argument, Method, Service, Shape},
    types,
};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Ident, Type, spanned::Spanned};

/// The trait. A method whose `#[rpc(..)]` is wrong may answer anything.
pub(crate) fn item(service: &Service<'_>) -> TokenStream {
    let Service { ident, vis, .. } = service;
    let handler = service.beside("Handler");
    let doc = format!("Answers [`{ident}`] requests: one method per variant. [`{ident}::serve`] makes it a service.");
    let message = format!("`{{Self}}` does not answer `{ident}` requests");
    let note = format!("`impl {handler} for {{Self}} {{{{ .. }}}}`, one method per variant of `{ident}`");
    let methods = service.methods.iter().map(declaration);
    quote! {
        #[doc = #doc]
        #[diagnostic::on_unimplemented(message = #message, label = "not a handler of this service", note = #note)]
        #vis trait #handler: ::core::marker::Send + ::core::marker::Sync + 'static {
            #(#methods)*
        }
    }
}

/// `fn get(&self, cx: &Context, key: &str) -> Option<String>;`, or with items
/// `fn list(&self, cx: &Context, prefix: &str, out: Sink<Entry>) -> Result<(), Stopped>;`
fn declaration(method: &Method<'_>) -> TokenStream {
    let Method { name, .. } = method;
    let docs = method.docs.attributes_or(&format!("Answers `{}`.", method.wire_name()));
    let names = parameters(method);
    let types = method.arguments.iter().map(|argument| types::elided(argument.ty));
    let [cx, input, out] = ["cx", "input", "out"].map(|name| free_parameter(name, names.iter().copied()));
    let at = ours(method.variant.span());
    let returns = method.returns();
    let answer = match method.shape() {
        Some(Shape::Unary) => quote_spanned!(at=> -> #returns),
        Some(Shape::OneWay) => TokenStream::new(),
        Some(Shape::Stream | Shape::Upload | Shape::Duplex) => {
            let at = ours(answer_span(method));
            quote_spanned!(at=> -> ::core::result::Result<#returns, ::rpc_core::Stopped>)
        }
        None => quote_spanned!(at=> -> impl ::core::marker::Sized),
    };
    let input = half(&input, "Source", method.rpc.accepts.as_ref());
    let out = half(&out, "Sink", method.rpc.stream.as_ref());
    let head = quote_spanned!(at=> fn #name(&self, #cx: &::rpc_core::Context #(, #names: #types)* #input #out));
    let allowed = allowing_parameters(2 + names.len() + method.rpc.items().count());
    quote_spanned!(at=> #docs #allowed #head #answer;)
}

/// `, out: Sink<Entry>`. A method that is wrong has it, too, and then the type may mention the enum's lifetime.
fn half(name: &Ident, half: &str, ty: Option<&Type>) -> Option<TokenStream> {
    let at = ours(ty?.span());
    let (half, ty) = (Ident::new(half, at), types::elided(ty?));
    Some(quote_spanned!(at=> , #name: ::rpc_core::#half<#ty>))
}

/// The dispatch.
pub(crate) fn code(service: &Service<'_>) -> TokenStream {
    let handler = service.beside("Handler");
    let parameter = free_type("H", service.types());
    let arms = (0u32..).zip(&service.methods).map(|(index, method)| arm(index, method, &handler));
    quote! {
        struct __Serve<H>(H);
        #[automatically_derived]
        impl<#parameter: #handler> ::rpc_core::Handler for __Serve<#parameter> {
            fn service(&self) -> &'static ::rpc_core::ServiceInfo {
                &__INFO
            }
            fn handle(
                &self,
                cx: &::rpc_core::Context,
                call: ::rpc_core::Incoming<'_>,
            ) -> ::core::result::Result<(), ::rpc_core::Error> {
                match cx.method().index {
                    #(#arms)*
                    _ => ::rpc_core::__private::no_such_method(cx),
                }
            }
        }
    }
}

/// The arguments have names of ours here, so the user's cannot clash with `cx` and `call`. The handler is called by its
/// trait: `self.0.into(..)` would be the method of another one.
fn arm(index: u32, method: &Method<'_>, handler: &Ident) -> TokenStream {
    let at = answer_span(method);
    let [this, cx, call] = ["self", "cx", "call"].map(|name| local(name, at));
    let (mut handler, mut name) = (handler.clone(), method.name.clone());
    handler.set_span(at);
    name.set_span(at);
    let names: Vec<_> = (0..method.arguments.len()).map(|place| local(&format!("arg{place}"), at)).collect();
    let input = made("source", method.rpc.accepts.as_ref());
    let out = made("sink", method.rpc.stream.as_ref());
    let run = quote_spanned!(at=> #handler::#name(&#this.0, #cx #(, #names)* #input #out));
    let finish = match method.shape() {
        Some(Shape::Unary) => quote_spanned!(at=> ::rpc_core::Incoming::reply(#call, &#run)),
        Some(Shape::OneWay) => quote_spanned!(at=> #run; ::rpc_core::Incoming::done(#call)),
        Some(Shape::Stream | Shape::Upload | Shape::Duplex) => {
            let answer = local("answer", at);
            quote_spanned!(at=> let #answer = #run; ::rpc_core::Incoming::end(#call, #answer))
        }
        None => return TokenStream::new(),
    };
    let decode = decode(method, &names);
    let all_are_values = all_are_values(method);
    quote!(#index => { #all_are_values #decode #finish })
}

/// `, Incoming::sink::<Entry>(&call)`
fn made(function: &str, ty: Option<&Type>) -> Option<TokenStream> {
    let ty = ty?;
    let at = ty.span();
    let (function, call, ty) = (Ident::new(function, at), local("call", at), all_at(at, ty));
    Some(quote_spanned!(at=> , ::rpc_core::Incoming::#function::<#ty>(&#call)))
}

/// `let (arg0, Bytes(arg1)) = Incoming::arguments::<(&str, Bytes<'_>)>(&call)?;`
fn decode(method: &Method<'_>, names: &[Ident]) -> TokenStream {
    let both = method.arguments.iter().zip(names).map(|(argument, name)| decoded(argument, name));
    let (patterns, types): (Vec<_>, Vec<_>) = both.unzip();
    if method.arguments.is_empty() {
        return quote!(::rpc_core::Incoming::arguments::<()>(&call)?;);
    }
    // rustc has one place for the whole tuple. An owned type that is not the standard library's is the likeliest to be wrong.
    let owned = |argument: &&Argument<'_>| matches!(passing(argument), Passing::Owned);
    let own = method.arguments.iter().filter(owned).find(|argument| !types::is_standard(argument.ty));
    let place = own.or_else(|| method.arguments.iter().find(owned)).or(method.arguments.first());
    let at = place.map_or_else(Span::call_site, |argument| argument.ty.span());
    let (patterns, types) = (tuple(&patterns, at), tuple(&types, at));
    let call = local("call", at);
    quote_spanned!(at=> let #patterns = ::rpc_core::Incoming::arguments::<#types>(&#call)?;)
}

fn decoded(argument: &Argument<'_>, name: &Ident) -> (TokenStream, TokenStream) {
    let at = argument.ty.span();
    let ty = all_at(at, types::elided(argument.ty));
    match passing(argument) {
        Passing::Bytes => (quote!(::rpc_core::__private::Bytes(#name)), quote!(::rpc_core::__private::Bytes<'_>)),
        Passing::Borrowed => (quote!(#name), ty),
        Passing::Owned => (
            quote_spanned!(at=> ::rpc_core::__private::Own(#name)),
            quote_spanned!(at=> ::rpc_core::__private::Own<#ty>),
        ),
    }
}
