/* SPDX-License-Identifier: PostgreSQL */
#include "hub/jsontext.h"

#include <string.h>

static struct jsontext open_with(struct text t, char bracket)
{
	if (t.len < 2 || t.bytes[0] != bracket)
		return (struct jsontext){t.bytes, t.bytes};
	return (struct jsontext){t.bytes + 1, t.bytes + t.len - 1};
}

struct jsontext jsontext_open(struct text object)
{
	return open_with(object, '{');
}

struct jsontext jsontext_open_array(struct text array)
{
	return open_with(array, '[');
}

static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		p += *p == '\\';
	return p < end ? p + 1 : end;
}

/* Returns the place after the value that starts at p. It is the next comma or closing bracket of
 * this level, or the end. */
static const char *skip_value(const char *p, const char *end)
{
	int depth = 0;

	while (p < end) {
		if (*p == '"') {
			p = skip_string(p, end);
			continue;
		}
		if (*p == '{' || *p == '[')
			depth++;
		else if ((*p == '}' || *p == ']') && depth-- == 0)
			return p;
		else if (*p == ',' && depth == 0)
			return p;
		p++;
	}
	return end;
}

static const char *skip_blank(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == ','))
		p++;
	return p;
}

bool jsontext_next(struct jsontext *walk, struct jsontext_member *ret_member)
{
	const char *name = skip_blank(walk->at, walk->end), *value;

	if (name == walk->end)
		return false;
	value = skip_string(name, walk->end);
	ret_member->name = (struct text){name, (size_t)(value - name)};
	if (value < walk->end)
		value = skip_blank(value + 1, walk->end); /* over the colon */
	walk->at = skip_value(value, walk->end);
	ret_member->value = (struct text){value, (size_t)(walk->at - value)};
	return true;
}

bool jsontext_next_item(struct jsontext *walk, struct text *ret_value)
{
	const char *value = skip_blank(walk->at, walk->end);

	if (value == walk->end)
		return false;
	walk->at = skip_value(value, walk->end);
	*ret_value = (struct text){value, (size_t)(walk->at - value)};
	return true;
}

static bool same(struct text a, struct text b)
{
	return a.len == b.len && memcmp(a.bytes, b.bytes, a.len) == 0;
}

/* Finds the member of that name. Looks at the walk's next member first, then from the beginning.
 * Two rows have the same columns in the same order, except when a column joins or leaves. */
static bool find(struct text object, struct jsontext *walk, struct text name,
		 struct jsontext_member *ret_member)
{
	struct jsontext again = jsontext_open(object);

	if (jsontext_next(walk, ret_member) && same(ret_member->name, name))
		return true;
	while (jsontext_next(&again, ret_member)) {
		if (same(ret_member->name, name)) {
			*walk = again;
			return true;
		}
	}
	return false;
}

static void append(struct buf *out, struct text t)
{
	buf_append(out, t.bytes, t.len);
}

/* Appends the differing members to old, and their names to changed. */
static void diff(struct buf *old, struct buf *changed, struct text was, struct text now)
{
	struct jsontext walk = jsontext_open(was), other = jsontext_open(now);
	struct jsontext_member a, b;

	while (jsontext_next(&walk, &a)) {
		if (find(now, &other, a.name, &b) && same(a.value, b.value))
			continue;
		if (changed->len > 0) {
			buf_append_str(old, ", ");
			buf_append_str(changed, ", ");
		}
		append(old, a.name);
		buf_append_str(old, ": ");
		append(old, a.value);
		append(changed, a.name);
	}
}

void jsontext_append_diff(struct buf *out, struct text was, struct text now)
{
	struct buf changed;

	buf_init(&changed);
	buf_append_str(out, "\"old\": ");
	if (was.bytes == NULL) {
		buf_append_str(out, "null");
	} else if (now.bytes == NULL) {
		append(out, was);
	} else {
		buf_append_char(out, '{');
		diff(out, &changed, was, now);
		buf_append_char(out, '}');
	}
	buf_append_str(out, ", \"changed\": [");
	buf_append(out, changed.data, changed.len);
	buf_append_char(out, ']');
	buf_release(&changed);
}
