// SPDX-License-Identifier: MIT
#include "well_known.h"

#include <string.h>

/** Appends text with %XX for what may not stand in that part of a URL: Go's net/url, shouldEscape.
 */
static void put_escaped(struct buffer *out, struct bytes text, const char *allowed)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (letter || (c && strchr("-_.~", c)) || (c && strchr(allowed, c)))
            buffer_putc(out, (char)c);
        else
            buffer_printf(out, "%%%02X", c);
    }
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/** Whether raw is an encoding of text that Go takes as it is: URL.EscapedPath. */
static bool is_encoding_of(struct bytes raw, struct bytes text)
{
    size_t at = 0;
    for (size_t i = 0; i < raw.size; i++, at++) {
        uint8_t c = raw.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (c == '%') {
            if (raw.size - i < 3 || hex_digit(raw.data[i + 1]) < 0 ||
                hex_digit(raw.data[i + 2]) < 0)
                return false;
            c = (uint8_t)(hex_digit(raw.data[i + 1]) << 4 | hex_digit(raw.data[i + 2]));
            i += 2;
        } else if (!letter && (!c || !strchr("-_.~!$&'()*+,;=:@[]/", c))) {
            return false;
        }
        if (at >= text.size || text.data[at] != c)
            return false;
    }
    return at == text.size;
}

/** The string fields of a url.URL. */
struct url {
    struct bytes scheme, opaque, host, path, raw_path, query, fragment, raw_fragment;
    struct bytes user, password;
    bool has_user, has_password, force_query;
};

static bool read_text(struct description *description, struct go_type *type, struct storage storage,
                      const char *path, struct bytes *out)
{
    struct go_type *string = NULL;
    struct storage field = {0};
    return description_field(description, type, storage, path, &string, &field) &&
           string->kind == GO_STRING && description_string(description, field, out);
}

static bool read_url(struct description *description, struct go_type *type, struct storage storage,
                     struct url *out)
{
    const struct {
        const char *path;
        struct bytes *out;
    } fields[] = {
        {"Scheme", &out->scheme},     {"Opaque", &out->opaque},    {"Host", &out->host},
        {"Path", &out->path},         {"RawPath", &out->raw_path}, {"RawQuery", &out->query},
        {"Fragment", &out->fragment},
    };
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (!read_text(description, type, storage, fields[i].path, fields[i].out))
            return false;
    }
    uint64_t user = 0, flag = 0;
    if (!description_number(description, type, storage, "User", &user))
        return false;
    out->has_user = user != 0;
    if (user && (!read_text(description, type, storage, "User.username", &out->user) ||
                 !read_text(description, type, storage, "User.password", &out->password) ||
                 !description_number(description, type, storage, "User.passwordSet", &flag)))
        return false;
    out->has_password = flag != 0;
    if (!read_text(description, type, storage, "RawFragment", &out->raw_fragment))
        out->raw_fragment = (struct bytes){0};
    out->force_query =
        description_number(description, type, storage, "ForceQuery", &flag) && flag != 0;
    return true;
}

static void put_authority(struct buffer *out, const struct url *url)
{
    if (url->host.size > 0 || url->path.size > 0 || url->has_user)
        buffer_puts(out, "//");
    if (url->has_user) {
        put_escaped(out, url->user, "$&+,;=");
        if (url->has_password) {
            buffer_putc(out, ':');
            put_escaped(out, url->password, "$&+,;=");
        }
        buffer_putc(out, '@');
    }
    put_escaped(out, url->host, "!$&'()*+,;=:[]<>\"");
}

/** Go's net/url, URL.String. */
static bool describe_url(struct description *description, struct go_type *type,
                         struct storage storage)
{
    struct url url = {0};
    if (!read_url(description, type, storage, &url))
        return false;
    AUTO_TEXT text = {0};
    if (url.scheme.size > 0) {
        buffer_append(&text, url.scheme.data, url.scheme.size);
        buffer_putc(&text, ':');
    }
    if (url.opaque.size > 0) {
        buffer_append(&text, url.opaque.data, url.opaque.size);
    } else {
        if (url.scheme.size > 0 || url.host.size > 0 || url.has_user)
            put_authority(&text, &url);
        if (url.path.size > 0 && url.path.data[0] != '/' && url.host.size > 0)
            buffer_putc(&text, '/');
        bool star = url.path.size == 1 && url.path.data[0] == '*';
        if (url.raw_path.size > 0 && is_encoding_of(url.raw_path, url.path))
            buffer_append(&text, url.raw_path.data, url.raw_path.size);
        else
            put_escaped(&text, url.path, star ? "*" : "$&+,/:;=@");
    }
    if (url.force_query || url.query.size > 0) {
        buffer_putc(&text, '?');
        buffer_append(&text, url.query.data, url.query.size);
    }
    if (url.fragment.size > 0) {
        buffer_putc(&text, '#');
        if (url.raw_fragment.size > 0 && is_encoding_of(url.raw_fragment, url.fragment))
            buffer_append(&text, url.raw_fragment.data, url.raw_fragment.size);
        else
            put_escaped(&text, url.fragment, "$&+,/:;=?@!()*");
    }
    description_bytes(description, buffer_text(&text), text.size);
    return true;
}

static const struct well_known rows[] = {
    {"net/url.URL", NULL, describe_url, NULL},
    {"net/http.Request", "{Method} {URL} {Proto}[, host {Host}][, from {RemoteAddr}]", NULL, NULL},
};
const struct well_known_list well_known_urls = {rows, COUNT_OF(rows)};
