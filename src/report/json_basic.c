// SPDX-License-Identifier: MIT
#include "report/json_internal.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** jansson fails only where memory is exhausted or text is not UTF-8, which is seen to here. */
static json_t *made(json_t *json)
{
    if (!json)
        abort();
    return json;
}

json_t *json_text(const char *text)
{
    json_t *json = json_string(text);
    if (json)
        return json;
    AUTO_TEXT valid = {0};
    size_t size = strlen(text), taken = 0;
    for (size_t i = 0; i < size; i += taken) {
        uint32_t rune = 0;
        taken = utf8_decode(text + i, size - i, &rune);
        if (rune == UTF8_INVALID)
            utf8_escape_rune(&valid, rune, (uint8_t)text[i]);
        else
            buffer_append(&valid, text + i, taken);
    }
    return made(json_string(buffer_text(&valid)));
}

json_t *json_hex(uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "0x%" PRIx64, number);
    return made(json_string(text));
}

json_t *json_count(uint64_t number)
{
    return made(json_integer((json_int_t)number));
}

void json_put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new_nocheck(object, key, made(value)))
        abort();
}

void json_put_text(json_t *object, const char *key, const char *text)
{
    if (text)
        json_put(object, key, json_text(text));
}

json_t *json_ids(const struct id_list *ids)
{
    json_t *array = made(json_array());
    for (size_t i = 0; i < ids->count; i++)
        json_array_append_new(array, json_count(ids->items[i]));
    return array;
}

json_t *json_strings(const struct string_list *strings)
{
    json_t *array = made(json_array());
    for (size_t i = 0; i < strings->count; i++)
        json_array_append_new(array, json_text(strings->items[i]));
    return array;
}

json_t *json_pairs(const struct key_value_list *pairs)
{
    json_t *object = made(json_object());
    for (size_t i = 0; i < pairs->count; i++) {
        json_t *key = json_text(pairs->items[i].key);
        json_put(object, json_string_value(key), json_text(pairs->items[i].value));
        json_decref(key);
    }
    return object;
}

json_t *json_signal(const struct report_signal *signal)
{
    json_t *object = made(json_object());
    json_put(object, "number", json_integer(signal->number));
    json_put(object, "name", json_text(signal->name ? signal->name : "?"));
    if (signal->has_code)
        json_put(object, "code", json_integer(signal->code));
    json_put_text(object, "code_name", signal->code_name);
    if (signal->has_address)
        json_put(object, "address", json_hex(signal->address));
    if (signal->has_pc)
        json_put(object, "pc", json_hex(signal->pc));
    if (signal->has_sender)
        json_put(object, "sender_pid", json_integer(signal->sender_pid));
    return object;
}
