/* SPDX-License-Identifier: PostgreSQL */
#include "http/head.h"

#include <microhttpd.h>
#include <string.h>
#include <strings.h>

#include "base/base.h"
#include "base/text.h"
#include "http/target.h"

#define LENGTH_DIGITS_MAX 18 /* no program reads fewer digits as another number */

void head_refuse(struct head *h, unsigned status, const char *why)
{
	if (h->status == 0)
		h->status = status, h->why = why;
}

/* --- characters --- */

size_t head_token_len(struct text t)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";
	size_t len = 0;

	for (; len < t.len; len++) {
		char c = t.bytes[len], letter = (char)(c | 0x20);

		if (!(letter >= 'a' && letter <= 'z') && !(c >= '0' && c <= '9') &&
		    memchr(marks, c, sizeof(marks) - 1) == NULL)
			break;
	}
	return len;
}

static bool has_control(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (((unsigned char)t.bytes[i] < 0x20 && t.bytes[i] != '\t') || t.bytes[i] == 0x7f)
			return true;
	return false;
}

static bool is_digits(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.bytes[i] < '0' || t.bytes[i] > '9')
			return false;
	return t.len > 0;
}

static bool is(struct text t, const char *word)
{
	return t.len == strlen(word) && strncasecmp(t.bytes, word, t.len) == 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct text trim(struct text t)
{
	while (t.len > 0 && is_blank(t.bytes[0]))
		t.bytes++, t.len--;
	while (t.len > 0 && is_blank(t.bytes[t.len - 1]))
		t.len--;
	return t;
}

/* --- fields --- */

/* The next part of a value. Blanks and semicolons separate parts. Empty if there is none. */
static struct text take_part(struct text *rest)
{
	struct text part;

	while (rest->len > 0 && (is_blank(rest->bytes[0]) || rest->bytes[0] == ';'))
		rest->bytes++, rest->len--;
	part = (struct text){rest->bytes, 0};
	while (part.len < rest->len && !is_blank(part.bytes[part.len]) &&
	       part.bytes[part.len] != ';')
		part.len++;
	rest->bytes += part.len, rest->len -= part.len;
	return part;
}

/*
 * "application/json", perhaps with "; charset=utf-8". Other parameters mean nothing (RFC 8259 11).
 */
static bool is_json(struct text type)
{
	struct text part = take_part(&type);

	if (!is(part, "application/json"))
		return false;
	while ((part = take_part(&type)).len > 0)
		if (part.len >= 7 && strncasecmp(part.bytes, "charset", 7) == 0 &&
		    !is(part, "charset=utf-8") && !is(part, "charset=\"utf-8\""))
			return false;
	return true;
}

static void take_length(struct head *h, struct text raw)
{
	struct text digits = raw;

	/* Not every library cuts off blanks after the digits, so these are a fault. */
	while (digits.len > 0 && is_blank(digits.bytes[0]))
		digits.bytes++, digits.len--;
	h->lengths++;
	if (!is_digits(digits)) {
		head_refuse(h, MHD_HTTP_BAD_REQUEST, "The Content-Length is not a number");
		return;
	}
	while (digits.len > 1 && digits.bytes[0] == '0')
		digits.bytes++, digits.len--;
	for (size_t i = 0; i < digits.len && i < LENGTH_DIGITS_MAX; i++)
		h->length = h->length * 10 + (uint64_t)(digits.bytes[i] - '0');
	h->has_body = h->has_body || !is(trim(raw), "0");
	if (digits.len > LENGTH_DIGITS_MAX)
		head_refuse(h, MHD_HTTP_CONTENT_TOO_LARGE, "The body is longer than 64 KB");
}

static void take_coding(struct head *h, struct text value)
{
	h->codings++;
	h->chunked = is(value, "chunked");
	h->has_body = true;
}

/* A comma may end a cookie too, because the library of Debian 12 takes it for a semicolon. */
static void take_cookies(struct head *h, struct text value)
{
	h->cookie_bytes += value.len + 1;
	h->cookies++;
	for (size_t i = 0; i < value.len; i++)
		h->cookies += value.bytes[i] == ';' || value.bytes[i] == ',';
	if (h->cookies > HEAD_COOKIES_MAX)
		head_refuse(h, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE,
			    "The request has more than 500 cookies");
}

static void take_field(struct head *h, struct text name, struct text raw)
{
	struct text value = trim(raw);

	if (is(name, MHD_HTTP_HEADER_HOST)) {
		h->hosts++;
		if (!target_is_host(value))
			head_refuse(h, MHD_HTTP_BAD_REQUEST, "The request's Host is not one name");
	} else if (is(name, MHD_HTTP_HEADER_CONTENT_LENGTH)) {
		take_length(h, raw);
	} else if (is(name, MHD_HTTP_HEADER_TRANSFER_ENCODING)) {
		take_coding(h, value);
	} else if (is(name, MHD_HTTP_HEADER_COOKIE)) {
		take_cookies(h, value);
	} else if (is(name, MHD_HTTP_HEADER_AUTHORIZATION)) {
		h->authorizations++;
	} else if (is(name, MHD_HTTP_HEADER_CONTENT_TYPE)) {
		h->types++;
		h->is_json = is_json(value);
	} else if (is(name, MHD_HTTP_HEADER_CONTENT_ENCODING)) {
		h->packed = true;
	} else if (is(name, MHD_HTTP_HEADER_EXPECT)) {
		h->expects = !is(value, "100-continue");
	}
}

/* --- lines --- */

/* The next line, without its CRLF. False if it is not whole yet, or is refused. */
static bool take_line(struct head *h, struct text *rest, struct text *ret_line)
{
	const char *lf = rest->len == 0 ? NULL : memchr(rest->bytes, '\n', rest->len);
	size_t len = lf == NULL ? rest->len : (size_t)(lf - rest->bytes);
	bool ends = len > 0 && rest->bytes[len - 1] == '\r';

	*ret_line = (struct text){rest->bytes, len - ends};
	if (has_control(*ret_line) || (lf != NULL && !ends))
		head_refuse(h, MHD_HTTP_BAD_REQUEST,
			    "A line of the request's head has a control character, or does not end "
			    "with "
			    "CR LF");
	if (lf == NULL || h->status != 0)
		return false;
	rest->bytes += len + 1;
	rest->len -= len + 1;
	return true;
}

/* "HTTP/1.1". A request with another minor number is answered in the same way. */
static void read_version(struct head *h, struct text version)
{
	if (version.len != 8 || memcmp(version.bytes, "HTTP/", 5) != 0 || version.bytes[6] != '.' ||
	    !is_digits((struct text){version.bytes + 5, 1}) ||
	    !is_digits((struct text){version.bytes + 7, 1}))
		head_refuse(h, MHD_HTTP_BAD_REQUEST,
			    "The first line is not of the form: GET /path HTTP/1.1");
	else if (version.bytes[5] != '1')
		head_refuse(h, MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED,
			    "This is HTTP/1.1; other versions are not spoken here");
	else
		h->minor = version.bytes[7] - '0';
}

static void read_first_line(struct head *h, struct text line)
{
	size_t method = head_token_len(line), target = 0;

	line.bytes += method, line.len -= method;
	for (size_t i = 1; i < line.len && line.bytes[i] != ' '; i++)
		target++;
	if (method == 0 || line.len < target + 2 || line.bytes[0] != ' ' || target == 0) {
		head_refuse(h, MHD_HTTP_BAD_REQUEST,
			    "The first line is not of the form: GET /path HTTP/1.1");
		return;
	}
	read_version(h, (struct text){line.bytes + target + 2, line.len - target - 2});
}

static void read_field(struct head *h, struct text line)
{
	size_t name = head_token_len(line);

	if (++h->fields > HEAD_FIELDS_MAX)
		head_refuse(h, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE,
			    "The request has more than 100 header fields");
	else if (name == 0 || name == line.len || line.bytes[name] != ':')
		head_refuse(h, MHD_HTTP_BAD_REQUEST,
			    "A line of the request's head is not of the form: Name: value");
	else
		take_field(h, (struct text){line.bytes, name},
			   (struct text){line.bytes + name + 1, line.len - name - 1});
}

/* --- the whole head --- */

/* Otherwise two programs might read two bodies, or send the request to two hosts. */
static void judge_framing(struct head *h)
{
	if (h->lengths > 1 || h->codings > 1 ||
	    (h->codings > 0 && (h->lengths > 0 || h->minor == 0)))
		head_refuse(h, MHD_HTTP_BAD_REQUEST, "The request's framing is not clear");
	if (h->hosts > 1 || (h->hosts == 0 && h->minor > 0))
		head_refuse(h, MHD_HTTP_BAD_REQUEST, "The request's Host is not one name");
	if (h->codings > 0 && !h->chunked)
		head_refuse(h, MHD_HTTP_NOT_IMPLEMENTED, "This Transfer-Encoding is not known");
}

static bool is_large(const struct head *h, size_t size)
{
	size_t notes = h->cookie_bytes + HEAD_NOTE * (size_t)(h->fields + h->cookies) + HEAD_ANSWER;

	return size > HEAD_MEMORY / 2 || notes > HEAD_MEMORY / 2;
}

static bool read_lines(struct head *h, struct text rest)
{
	struct text line = {rest.bytes, 0};
	const char *begin = rest.bytes;
	bool more = take_line(h, &rest, &line);

	if (more && line.len == 0)
		more = take_line(h, &rest, &line);
	if (!more)
		return false;
	read_first_line(h, line);
	while (h->status == 0 && take_line(h, &rest, &line)) {
		if (line.len == 0) {
			h->large = is_large(h, (size_t)(rest.bytes - begin));
			return true;
		}
		read_field(h, line);
	}
	return false;
}

static void refuse_long(struct head *h, const char *bytes, size_t len)
{
	/* An empty line may come before the first line. */
	if (memchr(bytes + 2, '\n', len - 2) == NULL)
		head_refuse(h, MHD_HTTP_URI_TOO_LONG, "The request's target is longer than 32 KB");
	else
		head_refuse(h, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE,
			    "The request's head is longer than 32 KB");
}

bool head_scan(struct head *h, const char *bytes, size_t len)
{
	*h = (struct head){.status = 0};
	if (read_lines(h, (struct text){bytes, len}))
		judge_framing(h);
	else if (h->status == 0 && len >= HEAD_MAX + 2)
		refuse_long(h, bytes, len);
	else
		return h->status != 0;
	return true;
}

/*
 * More bytes of a line change nothing as long as all of this is true:
 *
 * - The line has not ended.
 * - The head is not too long.
 * - The bytes have no control character, such as a CR that ends no line.
 */
bool head_scan_on(struct head *h, const char *bytes, size_t len, size_t scanned)
{
	bool is_more = scanned > 0 && scanned <= len && len < HEAD_MAX + 2;

	if (is_more && !has_control((struct text){bytes + scanned - 1, len - scanned + 1}))
		return false;
	return head_scan(h, bytes, len);
}
