// SPDX-License-Identifier: MIT
#include "text_bytes.h"
#include "well_known.h"

#include "base/checked.h"
#include "base/limits.h"

#include <inttypes.h>
#include <string.h>

struct errno_name {
    const char *name, *text;
};

static const struct errno_name errno_names[] = {
#include "errno_names.inc"
};

static bool load_errno(struct description *description, const struct go_type *type,
                       struct storage storage, uint64_t *out)
{
    uint8_t bytes[8];
    if (type->size != sizeof bytes ||
        storage_load(description_reader(description), storage, 0, bytes, sizeof bytes))
        return false;
    *out = load_u64(bytes);
    return true;
}

static bool describe_errno(struct description *description, struct go_type *type,
                           struct storage storage)
{
    uint64_t number = 0;
    if (!load_errno(description, type, storage, &number))
        return false;
    if (number < COUNT_OF(errno_names) && errno_names[number].text)
        description_text(description, "%s", errno_names[number].text);
    else
        description_text(description, "errno %" PRIu64, number);
    return true;
}

static bool describe_errno_with_name(struct description *description, struct go_type *type,
                                     struct storage storage)
{
    uint64_t number = 0;
    if (!describe_errno(description, type, storage) ||
        !load_errno(description, type, storage, &number))
        return false;
    if (number < COUNT_OF(errno_names) && errno_names[number].name)
        description_text(description, " (%s)", errno_names[number].name);
    return true;
}

const char *errno_detail(struct description *description, struct go_type *type,
                         struct storage storage)
{
    uint64_t number = 0;
    if (strcmp(type_full_name(type), "syscall.Errno") != 0 ||
        !load_errno(description, type, storage, &number))
        return NULL;
    bool has_name = number < COUNT_OF(errno_names) && errno_names[number].name;
    return arena_printf(description_reader(description)->arena,
                        has_name ? "%" PRIu64 " (%s)" : "%" PRIu64, number,
                        has_name ? errno_names[number].name : "");
}

/** Go's runtime/error.go, boundsErrorFmts and boundsNegErrorFmts. */
static bool describe_bounds(struct description *description, struct go_type *type,
                            struct storage storage)
{
    static const char *const formats[][2] = {
        {"index out of range [%x] with length %y", "index out of range [%x]"},
        {"slice bounds out of range [:%x] with length %y", "slice bounds out of range [:%x]"},
        {"slice bounds out of range [:%x] with capacity %y", "slice bounds out of range [:%x]"},
        {"slice bounds out of range [%x:%y]", "slice bounds out of range [%x:]"},
        {"slice bounds out of range [::%x] with length %y", "slice bounds out of range [::%x]"},
        {"slice bounds out of range [::%x] with capacity %y", "slice bounds out of range [::%x]"},
        {"slice bounds out of range [:%x:%y]", "slice bounds out of range [:%x:]"},
        {"slice bounds out of range [%x:%y:]", "slice bounds out of range [%x::]"},
        {"cannot convert slice with length %y to array or pointer to array with length %x", ""},
    };
    uint64_t x = 0, y = 0, is_signed = 0, code = 0;
    if (!description_number(description, type, storage, "x", &x) ||
        !description_number(description, type, storage, "y", &y) ||
        !description_number(description, type, storage, "signed", &is_signed) ||
        !description_number(description, type, storage, "code", &code) || code >= COUNT_OF(formats))
        return false;
    bool negative = is_signed && (int64_t)x < 0;
    const char *format = formats[code][negative];
    // Go 1.17 to 1.19: the only conversion was that to a pointer.
    if (code == 8 && description_reader(description)->program->release->minor < 20)
        format = "cannot convert slice with length %y to pointer to array with length %x";
    description_text(description, "runtime error: ");
    for (const char *p = format; *p;) {
        size_t size = strcspn(p, "%");
        description_bytes(description, p, size);
        p += size;
        if (!*p)
            break;
        if (p[1] == 'x' && !is_signed)
            description_text(description, "%" PRIu64, x);
        else
            description_text(description, "%" PRId64, (int64_t)(p[1] == 'x' ? x : y));
        p += 2;
    }
    return true;
}

/** The name of the type that a *_type field of the runtime points to; "" where it is nil. */
static bool type_name_at(struct description *description, struct go_type *type,
                         struct storage storage, const char *field, struct go_type **out)
{
    uint64_t address = 0;
    *out = NULL;
    if (!description_number(description, type, storage, field, &address))
        return false;
    if (address == 0)
        return true;
    struct error *err = type_from_runtime(description_reader(description)->types, address, out);
    if (err)
        error_ignore(err);
    return !err;
}

/** Go's runtime/error.go, TypeAssertionError.Error. */
static bool describe_assertion(struct description *description, struct go_type *type,
                               struct storage storage)
{
    struct go_type *wanted = NULL, *concrete = NULL, *from = NULL, *field_type = NULL;
    struct storage field = {0};
    struct bytes method = {0};
    if (!type_name_at(description, type, storage, "_interface", &from) ||
        !type_name_at(description, type, storage, "concrete", &concrete) ||
        !type_name_at(description, type, storage, "asserted", &wanted) || !wanted ||
        !description_field(description, type, storage, "missingMethod", &field_type, &field) ||
        !description_string(description, field, &method))
        return false;
    const char *from_name = from ? from->name : "interface";
    description_text(description, "interface conversion: ");
    if (!concrete) {
        description_text(description, "%s is nil, not %s", from_name, wanted->name);
    } else if (method.size > 0) {
        description_text(description, "%s is not %s: missing method ", concrete->name,
                         wanted->name);
        description_bytes(description, (const char *)method.data, method.size);
    } else {
        description_text(description, "%s is %s, not %s", from_name, concrete->name, wanted->name);
        bool other_package = strcmp(type_full_name(concrete), type_full_name(wanted)) != 0;
        if (strcmp(concrete->name, wanted->name) == 0)
            description_text(description, " (types from different %s)",
                             other_package ? "packages" : "scopes");
    }
    return true;
}

static bool describe_nil_panic(struct description *description, struct go_type *type,
                               struct storage storage)
{
    (void)type;
    (void)storage;
    bool prefixed = description_reader(description)->program->release->minor >= 27;
    description_text(description, "%spanic called with nil argument",
                     prefixed ? "runtime error: " : "");
    return true;
}

/** errors.Join: the texts, a line each. */
static bool describe_join(struct description *description, struct go_type *type,
                          struct storage storage)
{
    struct go_type *list = NULL;
    struct storage field = {0};
    uint64_t address = 0, count = 0;
    const struct value_reader *reader = description_reader(description);
    if (!description_field(description, type, storage, "errs", &list, &field) ||
        list->kind != GO_SLICE || storage_word(reader, field, 0, &address) ||
        storage_word(reader, field, 8, &count) || count > LIMIT_ERROR_CHAIN)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        if (i > 0)
            description_text(description, "\n");
        description_value(description, list->elem, storage_at(address + i * list->elem->size));
    }
    return true;
}

/** Go's net/net.go, OpError.Error. */
static bool describe_op_error(struct description *description, struct go_type *type,
                              struct storage storage)
{
    struct go_type *error_type = NULL, *address_type = NULL;
    struct storage error_field = {0}, address = {0};
    struct bytes op = {0}, net = {0};
    const struct value_reader *reader = description_reader(description);
    static const char *const names[] = {"Source", "Addr"};
    if (!description_field(description, type, storage, "Op", &address_type, &address) ||
        !description_string(description, address, &op) ||
        !description_field(description, type, storage, "Net", &address_type, &address) ||
        !description_string(description, address, &net) ||
        !description_field(description, type, storage, "Err", &error_type, &error_field))
        return false;
    description_bytes(description, (const char *)op.data, op.size);
    if (net.size > 0)
        description_text(description, " ");
    description_bytes(description, (const char *)net.data, net.size);
    bool has_source = false;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        uint64_t word = 0;
        if (!description_field(description, type, storage, names[i], &address_type, &address) ||
            storage_word(reader, address, 0, &word))
            return false;
        if (word == 0)
            continue;
        description_text(description, has_source ? "->" : " ");
        description_value(description, address_type, address);
        has_source = i == 0;
    }
    description_text(description, ": ");
    description_value(description, error_type, error_field);
    return true;
}

/** The name of the type in a reflect.Type field: *reflect.rtype is the descriptor's address. */
static bool reflected_type(struct description *description, struct go_type *type,
                           struct storage storage, const char *field_name, struct go_type **out)
{
    struct go_type *field_type = NULL;
    struct storage field = {0};
    uint64_t word = 0, address = 0;
    const struct value_reader *reader = description_reader(description);
    *out = NULL;
    if (!description_field(description, type, storage, field_name, &field_type, &field) ||
        storage_word(reader, field, 0, &word) || storage_word(reader, field, 8, &address))
        return false;
    if (word == 0)
        return true;
    struct error *err = type_from_runtime(reader->types, address, out);
    if (err)
        error_ignore(err);
    return !err;
}

static bool describe_json_type(struct description *description, struct go_type *type,
                               struct storage storage)
{
    struct go_type *target = NULL, *string = NULL;
    struct storage field = {0};
    struct bytes texts[3];
    static const char *const names[] = {"Value", "Struct", "Field"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (!description_field(description, type, storage, names[i], &string, &field) ||
            !description_string(description, field, &texts[i]))
            return false;
    }
    if (!reflected_type(description, type, storage, "Type", &target) || !target)
        return false;
    description_text(description, "json: cannot unmarshal ");
    description_bytes(description, (const char *)texts[0].data, texts[0].size);
    if (texts[1].size + texts[2].size > 0) {
        description_text(description, " into Go struct field ");
        description_bytes(description, (const char *)texts[1].data, texts[1].size);
        description_text(description, ".");
        description_bytes(description, (const char *)texts[2].data, texts[2].size);
        description_text(description, " of type %s", target->name);
    } else {
        description_text(description, " into Go value of type %s", target->name);
    }
    return true;
}

static bool describe_json_target(struct description *description, struct go_type *type,
                                 struct storage storage)
{
    struct go_type *target = NULL;
    if (!reflected_type(description, type, storage, "Type", &target))
        return false;
    if (!target)
        description_text(description, "json: Unmarshal(nil)");
    else if (target->kind != GO_POINTER)
        description_text(description, "json: Unmarshal(non-pointer %s)", target->name);
    else
        description_text(description, "json: Unmarshal(nil %s)", target->name);
    return true;
}

/** Go's time/format.go, ParseError.Error. */
static bool describe_time_parse(struct description *description, struct go_type *type,
                                struct storage storage)
{
    struct go_type *string = NULL;
    struct storage field = {0};
    struct bytes message = {0};
    if (!description_field(description, type, storage, "Message", &string, &field) ||
        !description_string(description, field, &message))
        return false;
    return description_template(description,
                                message.size > 0
                                    ? "parsing time {Value:x}{Message}"
                                    : "parsing time {Value:x} as {Layout:x}: cannot parse "
                                      "{ValueElem:x} as {LayoutElem:x}",
                                type, storage);
}

/** Go's encoding/hex: a byte as %#U has it, which shows the rune of that number if it can be. */
static bool describe_hex_byte(struct description *description, struct go_type *type,
                              struct storage storage)
{
    uint64_t byte = 0;
    if (!description_integer(description, type, storage, &byte) || byte > UINT8_MAX)
        return false;
    char rune[3] = {(char)byte};
    if (byte >= 0x80) {
        rune[0] = (char)(0xc0 | byte >> 6);
        rune[1] = (char)(0x80 | (byte & 0x3f));
    }
    description_text(description, "encoding/hex: invalid byte: U+%04X", (unsigned)byte);
    if (byte == ' ' || (byte != 0xa0 && utf8_is_text(rune, byte < 0x80 ? 1 : 2) && byte > ' '))
        description_text(description, " '%s'", rune);
    return true;
}

/** Go's reflect/value.go, ValueError.Error. */
static bool describe_reflect_value(struct description *description, struct go_type *type,
                                   struct storage storage)
{
    uint64_t kind = 0;
    if (!description_number(description, type, storage, "Kind", &kind) ||
        kind >= reflect_kind_count)
        return false;
    if (!description_template(description, "reflect: call of {Method} on ", type, storage))
        return false;
    description_text(description, "%s Value", kind == 0 ? "zero" : reflect_kind_names[kind]);
    return true;
}

/** Go's os/exec_posix.go, ProcessState.String, and syscall.WaitStatus. */
static bool describe_process_state(struct description *description, struct go_type *type,
                                   struct storage storage)
{
    uint64_t status = 0;
    if (!description_number(description, type, storage, "status", &status))
        return false;
    unsigned number = status & 0x7f;
    if (number == 0)
        description_text(description, "exit status %u", (unsigned)(status >> 8 & 0xff));
    else if (number == 0x7f)
        return false;
    else
        description_text(description, "signal: ");
    if (number != 0)
        describe_signal_number(description, number);
    if (number != 0 && status & 0x80)
        description_text(description, " (core dumped)");
    return true;
}

/*
 * What Error() gives. To add a type: its name with the whole package path, and the words of its
 * method with the fields in braces.
 */
static const struct well_known rows[] = {
    {"*errors.errorString", "{s}", NULL, NULL},
    {"*errors.joinError", NULL, describe_join, NULL},
    {"*fmt.wrapError", "{msg}", NULL, NULL},
    {"*fmt.wrapErrors", "{msg}", NULL, NULL},
    {"syscall.Errno", NULL, describe_errno, describe_errno_with_name},

    {"runtime.boundsError", NULL, describe_bounds, NULL},
    {"*runtime.TypeAssertionError", NULL, describe_assertion, NULL},
    {"*runtime.PanicNilError", NULL, describe_nil_panic, NULL},
    {"runtime.errorString", "runtime error: {}", NULL, NULL},
    {"runtime.errorAddressString", "runtime error: {msg}", NULL, NULL},
    {"runtime.plainError", "{}", NULL, NULL},

    {"context.deadlineExceededError", "context deadline exceeded", NULL, NULL},
    {"*io/fs.PathError", "{Op} {Path}: {Err}", NULL, NULL},
    {"*os.PathError", "{Op} {Path}: {Err}", NULL, NULL}, // Go 1.15
    {"*os.LinkError", "{Op} {Old} {New}: {Err}", NULL, NULL},
    {"*os.SyscallError", "{Syscall}: {Err}", NULL, NULL},
    {"*os/exec.Error", "exec: {Name:q}: {Err}", NULL, NULL},
    {"os/exec.wrappedError", "{prefix}: {err}", NULL, NULL},
    {"*internal/poll.DeadlineExceededError", "i/o timeout", NULL, NULL},
    {"internal/poll.errNetClosing", "use of closed network connection", NULL, NULL},

    {"*net.OpError", NULL, describe_op_error, NULL},
    {"*net.DNSError", "lookup {Name}[ on {Server}]: {Err}", NULL, NULL},
    {"*net.AddrError", "[address {Addr}: ]{Err}", NULL, NULL},
    {"*net.ParseError", "invalid {Type}: {Text}", NULL, NULL},
    {"*net.timeoutError", "i/o timeout", NULL, NULL},
    {"net.canceledError", "operation was canceled", NULL, NULL},
    {"*net.notFoundError", "{s}", NULL, NULL},
    {"*net.temporaryError", "{s}", NULL, NULL},
    {"net.UnknownNetworkError", "unknown network {}", NULL, NULL},
    {"net.InvalidAddrError", "{}", NULL, NULL},
    {"*net/http.timeoutError", "{err}", NULL, NULL},
    {"*net/http.httpError", "{err}", NULL, NULL}, // up to Go 1.20
    {"*net/http.ProtocolError", "{ErrorString}", NULL, NULL},
    {"*net/http.MaxBytesError", "http: request body too large", NULL, NULL},
    {"net/textproto.ProtocolError", "{}", NULL, NULL},
    {"*net/url.Error", "{Op} {URL:q}: {Err}", NULL, NULL},
    {"net/url.EscapeError", "invalid URL escape {:q}", NULL, NULL},
    {"net/url.InvalidHostError", "invalid character {:q} in host name", NULL, NULL},

    {"*strconv.NumError", "strconv.{Func}: parsing {Num:q}: {Err}", NULL, NULL},
    {"*encoding/json.SyntaxError", "{msg}", NULL, NULL},
    {"encoding/base64.CorruptInputError", "illegal base64 data at input byte {}", NULL, NULL},
    {"*encoding/json.UnmarshalTypeError", NULL, describe_json_type, NULL},
    {"*encoding/json.InvalidUnmarshalError", NULL, describe_json_target, NULL},
    {"*time.ParseError", NULL, describe_time_parse, NULL},
    {"*time.parseDurationError", "time: {message} {value:x}", NULL, NULL},
    {"encoding/hex.InvalidByteError", NULL, describe_hex_byte, NULL},
    {"*reflect.ValueError", NULL, describe_reflect_value, NULL},
    {"*os/exec.ExitError", "{ProcessState}", NULL, NULL},
    {"*os.ProcessState", NULL, describe_process_state, NULL},
    {"crypto/tls.RecordHeaderError", "tls: {Msg}", NULL, NULL},
    {"os/user.UnknownUserError", "user: unknown user {}", NULL, NULL},
    {"os/user.UnknownGroupError", "group: unknown group {}", NULL, NULL},
    {"net/http.tlsHandshakeTimeoutError", "net/http: TLS handshake timeout", NULL, NULL},

    {"*github.com/pkg/errors.fundamental", "{msg}", NULL, NULL},
    {"*github.com/pkg/errors.withMessage", "{msg}: {cause}", NULL, NULL},
    {"*github.com/pkg/errors.withStack", "{error}", NULL, NULL},
};
const struct well_known_list well_known_errors = {rows, COUNT_OF(rows)};
