//! Services with ever more methods, which all do the same.
use rpc_core::{Connection, Context, Error, Server, Service};

/// How one method is called: it answers one more.
pub(crate) type Call = Box<dyn Fn(u64) -> Result<u64, Error>>;

/// What serves them all.
struct Adds;

/// So many methods the services have.
pub(crate) const METHODS: &[u64] = &[1, 10, 100, 500];

/// A server of all of them.
pub(crate) fn server() -> Server {
    Server::new(One::serve(Adds)).add(Ten::serve(Adds)).add(Hundred::serve(Adds)).add(FiveHundred::serve(Adds))
}

/// All methods of the service that has this many.
pub(crate) fn calls(methods: u64, connection: &Connection) -> Vec<Call> {
    match methods {
        1 => One::calls(connection),
        10 => Ten::calls(connection),
        100 => Hundred::calls(connection),
        _ => FiveHundred::calls(connection),
    }
}

/// A service, from its name, those of what is made of it, and its methods, each as a variant and as a function. A macro cannot
/// make up names, so they are all there.
macro_rules! service {
    ($(#[$doc:meta])* $name:ident $handler:ident: $($variant:ident $method:ident)*) => {
        $(#[$doc])*
        #[derive(Service)]
        enum $name {
            $(
                /// One more.
                #[rpc(returns = u64)]
                $variant {
                    /// Than this.
                    number: u64,
                },
            )*
        }

        impl $handler for Adds {
            $(fn $method(&self, _cx: &Context, number: u64) -> u64 {
                number + 1
            })*
        }

        impl $name {
            fn calls(connection: &Connection) -> Vec<Call> {
                vec![$({
                    let client = $name::client(connection.clone());
                    Box::new(move |number| client.$method(number)) as Call
                }),*]
            }
        }
    };
}

service! {
    /// It has one.
    One OneHandler:
    M0 m0
}

service! {
    /// It has ten.
    Ten TenHandler:
    M0 m0 M1 m1 M2 m2 M3 m3 M4 m4 M5 m5 M6 m6 M7 m7 M8 m8 M9 m9
}

service! {
    /// It has a hundred.
    Hundred HundredHandler:
    M0 m0 M1 m1 M2 m2 M3 m3 M4 m4 M5 m5 M6 m6 M7 m7 M8 m8 M9 m9 M10 m10 M11 m11 M12 m12 M13 m13 M14 m14 M15 m15
    M16 m16 M17 m17 M18 m18 M19 m19 M20 m20 M21 m21 M22 m22 M23 m23 M24 m24 M25 m25 M26 m26 M27 m27 M28 m28 M29 m29
    M30 m30 M31 m31 M32 m32 M33 m33 M34 m34 M35 m35 M36 m36 M37 m37 M38 m38 M39 m39 M40 m40 M41 m41 M42 m42 M43 m43
    M44 m44 M45 m45 M46 m46 M47 m47 M48 m48 M49 m49 M50 m50 M51 m51 M52 m52 M53 m53 M54 m54 M55 m55 M56 m56 M57 m57
    M58 m58 M59 m59 M60 m60 M61 m61 M62 m62 M63 m63 M64 m64 M65 m65 M66 m66 M67 m67 M68 m68 M69 m69 M70 m70 M71 m71
    M72 m72 M73 m73 M74 m74 M75 m75 M76 m76 M77 m77 M78 m78 M79 m79 M80 m80 M81 m81 M82 m82 M83 m83 M84 m84 M85 m85
    M86 m86 M87 m87 M88 m88 M89 m89 M90 m90 M91 m91 M92 m92 M93 m93 M94 m94 M95 m95 M96 m96 M97 m97 M98 m98 M99 m99
}

service! {
    /// It has five hundred.
    FiveHundred FiveHundredHandler:
    M0 m0 M1 m1 M2 m2 M3 m3 M4 m4 M5 m5 M6 m6 M7 m7 M8 m8 M9 m9 M10 m10 M11 m11 M12 m12 M13 m13 M14 m14 M15 m15
    M16 m16 M17 m17 M18 m18 M19 m19 M20 m20 M21 m21 M22 m22 M23 m23 M24 m24 M25 m25 M26 m26 M27 m27 M28 m28 M29 m29
    M30 m30 M31 m31 M32 m32 M33 m33 M34 m34 M35 m35 M36 m36 M37 m37 M38 m38 M39 m39 M40 m40 M41 m41 M42 m42 M43 m43
    M44 m44 M45 m45 M46 m46 M47 m47 M48 m48 M49 m49 M50 m50 M51 m51 M52 m52 M53 m53 M54 m54 M55 m55 M56 m56 M57 m57
    M58 m58 M59 m59 M60 m60 M61 m61 M62 m62 M63 m63 M64 m64 M65 m65 M66 m66 M67 m67 M68 m68 M69 m69 M70 m70 M71 m71
    M72 m72 M73 m73 M74 m74 M75 m75 M76 m76 M77 m77 M78 m78 M79 m79 M80 m80 M81 m81 M82 m82 M83 m83 M84 m84 M85 m85
    M86 m86 M87 m87 M88 m88 M89 m89 M90 m90 M91 m91 M92 m92 M93 m93 M94 m94 M95 m95 M96 m96 M97 m97 M98 m98 M99 m99
    M100 m100 M101 m101 M102 m102 M103 m103 M104 m104 M105 m105 M106 m106 M107 m107 M108 m108 M109 m109 M110 m110
    M111 m111 M112 m112 M113 m113 M114 m114 M115 m115 M116 m116 M117 m117 M118 m118 M119 m119 M120 m120 M121 m121
    M122 m122 M123 m123 M124 m124 M125 m125 M126 m126 M127 m127 M128 m128 M129 m129 M130 m130 M131 m131 M132 m132
    M133 m133 M134 m134 M135 m135 M136 m136 M137 m137 M138 m138 M139 m139 M140 m140 M141 m141 M142 m142 M143 m143
    M144 m144 M145 m145 M146 m146 M147 m147 M148 m148 M149 m149 M150 m150 M151 m151 M152 m152 M153 m153 M154 m154
    M155 m155 M156 m156 M157 m157 M158 m158 M159 m159 M160 m160 M161 m161 M162 m162 M163 m163 M164 m164 M165 m165
    M166 m166 M167 m167 M168 m168 M169 m169 M170 m170 M171 m171 M172 m172 M173 m173 M174 m174 M175 m175 M176 m176
    M177 m177 M178 m178 M179 m179 M180 m180 M181 m181 M182 m182 M183 m183 M184 m184 M185 m185 M186 m186 M187 m187
    M188 m188 M189 m189 M190 m190 M191 m191 M192 m192 M193 m193 M194 m194 M195 m195 M196 m196 M197 m197 M198 m198
    M199 m199 M200 m200 M201 m201 M202 m202 M203 m203 M204 m204 M205 m205 M206 m206 M207 m207 M208 m208 M209 m209
    M210 m210 M211 m211 M212 m212 M213 m213 M214 m214 M215 m215 M216 m216 M217 m217 M218 m218 M219 m219 M220 m220
    M221 m221 M222 m222 M223 m223 M224 m224 M225 m225 M226 m226 M227 m227 M228 m228 M229 m229 M230 m230 M231 m231
    M232 m232 M233 m233 M234 m234 M235 m235 M236 m236 M237 m237 M238 m238 M239 m239 M240 m240 M241 m241 M242 m242
    M243 m243 M244 m244 M245 m245 M246 m246 M247 m247 M248 m248 M249 m249 M250 m250 M251 m251 M252 m252 M253 m253
    M254 m254 M255 m255 M256 m256 M257 m257 M258 m258 M259 m259 M260 m260 M261 m261 M262 m262 M263 m263 M264 m264
    M265 m265 M266 m266 M267 m267 M268 m268 M269 m269 M270 m270 M271 m271 M272 m272 M273 m273 M274 m274 M275 m275
    M276 m276 M277 m277 M278 m278 M279 m279 M280 m280 M281 m281 M282 m282 M283 m283 M284 m284 M285 m285 M286 m286
    M287 m287 M288 m288 M289 m289 M290 m290 M291 m291 M292 m292 M293 m293 M294 m294 M295 m295 M296 m296 M297 m297
    M298 m298 M299 m299 M300 m300 M301 m301 M302 m302 M303 m303 M304 m304 M305 m305 M306 m306 M307 m307 M308 m308
    M309 m309 M310 m310 M311 m311 M312 m312 M313 m313 M314 m314 M315 m315 M316 m316 M317 m317 M318 m318 M319 m319
    M320 m320 M321 m321 M322 m322 M323 m323 M324 m324 M325 m325 M326 m326 M327 m327 M328 m328 M329 m329 M330 m330
    M331 m331 M332 m332 M333 m333 M334 m334 M335 m335 M336 m336 M337 m337 M338 m338 M339 m339 M340 m340 M341 m341
    M342 m342 M343 m343 M344 m344 M345 m345 M346 m346 M347 m347 M348 m348 M349 m349 M350 m350 M351 m351 M352 m352
    M353 m353 M354 m354 M355 m355 M356 m356 M357 m357 M358 m358 M359 m359 M360 m360 M361 m361 M362 m362 M363 m363
    M364 m364 M365 m365 M366 m366 M367 m367 M368 m368 M369 m369 M370 m370 M371 m371 M372 m372 M373 m373 M374 m374
    M375 m375 M376 m376 M377 m377 M378 m378 M379 m379 M380 m380 M381 m381 M382 m382 M383 m383 M384 m384 M385 m385
    M386 m386 M387 m387 M388 m388 M389 m389 M390 m390 M391 m391 M392 m392 M393 m393 M394 m394 M395 m395 M396 m396
    M397 m397 M398 m398 M399 m399 M400 m400 M401 m401 M402 m402 M403 m403 M404 m404 M405 m405 M406 m406 M407 m407
    M408 m408 M409 m409 M410 m410 M411 m411 M412 m412 M413 m413 M414 m414 M415 m415 M416 m416 M417 m417 M418 m418
    M419 m419 M420 m420 M421 m421 M422 m422 M423 m423 M424 m424 M425 m425 M426 m426 M427 m427 M428 m428 M429 m429
    M430 m430 M431 m431 M432 m432 M433 m433 M434 m434 M435 m435 M436 m436 M437 m437 M438 m438 M439 m439 M440 m440
    M441 m441 M442 m442 M443 m443 M444 m444 M445 m445 M446 m446 M447 m447 M448 m448 M449 m449 M450 m450 M451 m451
    M452 m452 M453 m453 M454 m454 M455 m455 M456 m456 M457 m457 M458 m458 M459 m459 M460 m460 M461 m461 M462 m462
    M463 m463 M464 m464 M465 m465 M466 m466 M467 m467 M468 m468 M469 m469 M470 m470 M471 m471 M472 m472 M473 m473
    M474 m474 M475 m475 M476 m476 M477 m477 M478 m478 M479 m479 M480 m480 M481 m481 M482 m482 M483 m483 M484 m484
    M485 m485 M486 m486 M487 m487 M488 m488 M489 m489 M490 m490 M491 m491 M492 m492 M493 m493 M494 m494 M495 m495
    M496 m496 M497 m497 M498 m498 M499 m499
}
