//! `rename_all`: names in another case, exactly as serde makes them.

/// A case that serde knows.
#[derive(Clone, Copy)]
pub(super) enum Case {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl Case {
    /// The case of this name; serde reports it if there is none.
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "lowercase" => Self::Lower,
            "UPPERCASE" => Self::Upper,
            "PascalCase" => Self::Pascal,
            "camelCase" => Self::Camel,
            "snake_case" => Self::Snake,
            "SCREAMING_SNAKE_CASE" => Self::ScreamingSnake,
            "kebab-case" => Self::Kebab,
            "SCREAMING-KEBAB-CASE" => Self::ScreamingKebab,
            _ => return None,
        })
    }

    /// A variant, which is written in `PascalCase`.
    pub(super) fn variant(self, name: &str) -> String {
        match self {
            Self::Pascal => name.to_owned(),
            Self::Lower => name.to_ascii_lowercase(),
            Self::Upper => name.to_ascii_uppercase(),
            Self::Camel => first_lower(name),
            Self::Snake => snake(name),
            Self::ScreamingSnake => snake(name).to_ascii_uppercase(),
            Self::Kebab => snake(name).replace('_', "-"),
            Self::ScreamingKebab => snake(name).to_ascii_uppercase().replace('_', "-"),
        }
    }

    /// A field, which is written in `snake_case`.
    pub(super) fn field(self, name: &str) -> String {
        match self {
            Self::Lower | Self::Snake => name.to_owned(),
            Self::Upper | Self::ScreamingSnake => name.to_ascii_uppercase(),
            Self::Pascal => pascal(name),
            Self::Camel => first_lower(&pascal(name)),
            Self::Kebab => name.replace('_', "-"),
            Self::ScreamingKebab => name.to_ascii_uppercase().replace('_', "-"),
        }
    }
}

fn first_lower(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

/// Serde's, which is simpler than that of our methods: `HTTPGet` is `h_t_t_p_get`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for (place, letter) in name.char_indices() {
        if place > 0 && letter.is_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

fn pascal(name: &str) -> String {
    let mut pascal = String::new();
    let mut begins_word = true;
    for letter in name.chars() {
        match letter {
            '_' => begins_word = true,
            _ if std::mem::take(&mut begins_word) => pascal.push(letter.to_ascii_uppercase()),
            _ => pascal.push(letter),
        }
    }
    pascal
}

#[cfg(test)]
mod tests {
    use super::Case;

    #[test]
    fn as_serde_does() {
        let cases = [
            ("lowercase", "getall", "max_size"),
            ("UPPERCASE", "GETALL", "MAX_SIZE"),
            ("PascalCase", "GetAll", "MaxSize"),
            ("camelCase", "getAll", "maxSize"),
            ("snake_case", "get_all", "max_size"),
            ("SCREAMING_SNAKE_CASE", "GET_ALL", "MAX_SIZE"),
            ("kebab-case", "get-all", "max-size"),
            ("SCREAMING-KEBAB-CASE", "GET-ALL", "MAX-SIZE"),
        ];
        for (name, variant, field) in cases {
            let case = Case::of(name).expect("serde knows this case");
            assert_eq!((case.variant("GetAll"), case.field("max_size")), (variant.to_owned(), field.to_owned()));
        }
        assert!(Case::of("Title Case").is_none());
    }
}
