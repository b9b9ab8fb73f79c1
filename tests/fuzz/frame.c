/* SPDX-License-Identifier: PostgreSQL */
/*
 * Name and data of an event, the name up to the first 0xff (which UTF-8 does not have). Whatever
 * they hold, what goes out is one chunk, and read by the standard it is one event with this id,
 * this name and this data; JSON where the data was.
 */
#include "hub/sealer.h"

#include "auth/json.h"

#include "jsoncheck.h"

/* What a browser makes of the bytes (WHATWG HTML 9.2.6). */
struct seen {
	struct buf id, name, data;
	size_t events;
	bool others; /* a field or comment that no event of ours has */
};

static bool is_field(struct text line, const char *field)
{
	size_t len = strlen(field);

	return line.len >= len && memcmp(line.bytes, field, len) == 0 &&
	       (line.len == len || line.bytes[len] == ':');
}

static struct text value_of(struct text line)
{
	const char *colon = memchr(line.bytes, ':', line.len), *end = line.bytes + line.len;
	const char *value = colon == NULL ? end : colon + 1;

	value += value < end && *value == ' ';
	return (struct text){value, (size_t)(end - value)};
}

static void see_line(struct seen *s, struct text line)
{
	struct text value = value_of(line);

	if (line.len == 0) {
		s->events++;
	} else if (is_field(line, "data")) {
		buf_append(&s->data, value.bytes, value.len);
		buf_append_char(&s->data, '\n');
	} else if (is_field(line, "event") || is_field(line, "id")) {
		struct buf *field = is_field(line, "id") ? &s->id : &s->name;

		s->others = s->others || field->len > 0 || s->data.len > 0;
		buf_append(field, value.bytes, value.len);
	} else {
		s->others = true;
	}
}

/* Lines end with CR, LF or CRLF. Nothing may be left behind the last one. */
static void see(struct seen *s, const char *p, size_t len)
{
	const char *end = p + len;

	while (p < end) {
		const char *start = p;

		while (p < end && *p != '\r' && *p != '\n')
			p++;
		MUST(p < end);
		see_line(s, (struct text){start, (size_t)(p - start)});
		p += *p == '\r' && p + 1 < end && p[1] == '\n' ? 2 : 1;
	}
}

static void see_open(struct seen *s)
{
	*s = (struct seen){.events = 0};
	buf_init(&s->id);
	buf_init(&s->name);
	buf_init(&s->data);
}

static void see_close(struct seen *s)
{
	buf_release(&s->id);
	buf_release(&s->name);
	buf_release(&s->data);
}

/* The escape of a character that ends a line for some readers. NULL if none begins there. */
static const char *escape_at(struct text data, size_t i, size_t *ret_len)
{
	static const char *const ends[][2] = {
		{"\xe2\x80\xa8", "\\u2028"}, {"\xe2\x80\xa9", "\\u2029"}, {"\xc2\x85", "\\u0085"}};

	for (size_t n = 0; n < 3; n++) {
		*ret_len = strlen(ends[n][0]);
		if (data.len - i >= *ret_len && memcmp(data.bytes + i, ends[n][0], *ret_len) == 0)
			return ends[n][1];
	}
	return NULL;
}

/* Data with LF for each of its line ends, and the one that the standard takes away. */
static void append_lines(struct buf *out, struct text data)
{
	for (size_t i = 0; i < data.len; i++) {
		size_t len;
		const char *escape = escape_at(data, i, &len);

		if (escape != NULL) {
			buf_append_str(out, escape);
			i += len - 1;
			continue;
		}
		bool cr = data.bytes[i] == '\r';

		buf_append_char(out, cr ? '\n' : data.bytes[i]);
		i += cr && i + 1 < data.len && data.bytes[i + 1] == '\n';
	}
	buf_append_char(out, '\n');
}

static void check_name(const struct seen *s, struct text name)
{
	size_t at = 0;

	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.bytes[i] >= 0x20 && name.bytes[i] != 0x7f)
			MUST(at < s->name.len && s->name.data[at++] == name.bytes[i]);
	MUST(at == s->name.len);
}

static void check_data(const struct seen *s, struct text data)
{
	struct buf expected;

	buf_init(&expected);
	append_lines(&expected, data);
	MUST(expected.len == s->data.len && memcmp(expected.data, s->data.data, s->data.len) == 0);
	buf_release(&expected);
}

/* One member "type", the name. Data is PostgreSQL's: valid, and compact enough for jsontext.h. */
static void check_typed(const struct seen *s, struct text name)
{
	struct json_object *message, *type;

	MUST(is_json(s->data.data, s->data.len));
	message = json_tokener_parse(s->data.data);
	MUST(json_object_object_get_ex(message, "type", &type));
	MUST((size_t)json_object_get_string_len(type) == name.len);
	MUST(memcmp(json_object_get_string(type), name.bytes, name.len) == 0);
	json_object_put(message);
}

static bool keep(void *ctx, struct text plain, struct buf *out)
{
	(void)ctx;
	buf_append(out, plain.bytes, plain.len);
	return true;
}

static int64_t some_time(void)
{
	return 1234567890123;
}

/* JSON is sealed as JSON, an object with one time and, where the name is inside, one name. */
static void check_sealed(enum frame_format format, struct text name, struct text data)
{
	struct json_object *value, *member;
	struct sealer sealer;

	sealer_init(&sealer);
	sealer.seal = keep;
	sealer.now_ms = some_time;
	MUST(sealer_seal(&sealer, name, &format, &data));
	MUST(is_json(data.bytes, data.len));
	value = json_tokener_parse(data.bytes);
	MUST(json_object_object_get_ex(value, "timestamp", &member));
	MUST(json_object_get_int64(member) == some_time());
	if (format == FRAME_NAMELESS) {
		MUST(json_object_object_get_ex(value, "type", &member));
		MUST((size_t)json_object_get_string_len(member) == name.len);
	}
	json_object_put(value);
	sealer_release(&sealer);
}

/* The chunk's size is right, and nothing is behind it. */
static struct text without_chunk(const struct buf *out)
{
	char *end;
	size_t len;

	MUST(out->len >= FRAME_HEAD + FRAME_TAIL);
	len = strtoul(out->data, &end, 16);
	MUST(end == out->data + FRAME_HEAD - 2 && len == out->len - FRAME_HEAD - FRAME_TAIL);
	MUST(memcmp(end, "\r\n", 2) == 0 &&
	     memcmp(out->data + out->len - FRAME_TAIL, "\r\n", FRAME_TAIL) == 0);
	return (struct text){out->data + FRAME_HEAD, len};
}

static void check(enum frame_format format, struct text name, struct text data, bool json)
{
	static const struct cursor at = {12, 7};
	struct text frame;
	struct buf out;
	struct seen s;

	buf_init(&out);
	see_open(&s);
	frame_append(&out, FRAME_EVENTS, format, false, &at, name, data);
	frame = without_chunk(&out);
	see(&s, frame.bytes, frame.len);
	MUST(s.events == 1 && !s.others && strcmp(s.id.data, "12-7") == 0);
	MUST(frame.len >= 2 && memcmp(frame.bytes + frame.len - 2, "\n\n", 2) == 0);
	if (format == FRAME_NAMED) {
		check_name(&s, name);
		check_data(&s, data);
	} else {
		MUST(s.name.len == 0);
		if (json)
			check_typed(&s, name);
	}
	see_close(&s);
	buf_release(&out);
}

/* One line, whatever is in it; where data is JSON it is an object with the same id, and this data.
 */
static void check_line(enum frame_format format, bool sealed, struct text name, struct text data,
		       bool json)
{
	static const struct cursor at = {12, 7};
	struct json_object *value, *member;
	struct buf out;

	buf_init(&out);
	frame_append_line(&out, format, sealed, &at, name, data);
	MUST(memchr(out.data, '\n', out.len) == out.data + out.len - 1);
	MUST(memchr(out.data, '\r', out.len) == NULL);
	if (json) {
		MUST(is_json(out.data, out.len - 1));
		value = json_tokener_parse(out.data);
		MUST(json_object_object_length(value) == 3 &&
		     json_object_object_get_ex(value, "event", &member));
		MUST(json_object_object_get_ex(value, "id", &member) &&
		     strcmp(json_object_get_string(member), "12-7") == 0);
		MUST(json_object_object_get_ex(value, "data", &member));
		MUST(!sealed || (size_t)json_object_get_string_len(member) == data.len);
		json_object_put(value);
	}
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = input_of(data, size);
	struct text name = input_piece(&in, (char)0xff), bytes = input_piece(&in, (char)0xff);
	struct json_object *value = json_parse(bytes.bytes, bytes.len);

	check(FRAME_NAMED, name, bytes, false);
	check(FRAME_MESSAGE, name, bytes, false);
	check_line(FRAME_NAMED, false, name, bytes, false);
	check_line(FRAME_MESSAGE, false, name, bytes, false);
	check_line(FRAME_NAMED, true, name, bytes, false);
	if (value != NULL && memchr(name.bytes, '\0', name.len + 1) == name.bytes + name.len) {
		const char *text = json_object_to_json_string_ext(
			value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

		check(FRAME_MESSAGE, name, (struct text){text, strlen(text)}, true);
		check_sealed(FRAME_NAMED, name, (struct text){text, strlen(text)});
		check_line(FRAME_NAMED, false, name, (struct text){text, strlen(text)}, true);
		check_line(FRAME_MESSAGE, false, name, (struct text){text, strlen(text)}, true);
		check_line(FRAME_NAMED, true, name, (struct text){text, strlen(text)}, true);
		check_sealed(FRAME_MESSAGE, name, (struct text){text, strlen(text)});
	}
	json_object_put(value);
	text_free(name);
	text_free(bytes);
	return 0;
}
