/* SPDX-License-Identifier: PostgreSQL */
#include "base/json_number.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* An exponent counts no further. No text has enough digits to make up for a larger one. */
#define EXPONENT_FAR INT64_C(1000000000000000)

struct digits {
	const char *at;
	size_t len;
};

struct number {
	bool negative, is_integer;
	struct digits whole, fraction; /* fraction: the digits after the point, if any */
	int64_t exponent;
};

static const char *read_digits(struct digits *d, const char *at, const char *end)
{
	d->at = at;
	while (at < end && *at >= '0' && *at <= '9')
		at++;
	d->len = (size_t)(at - d->at);
	return d->len > 0 ? at : NULL;
}

static const char *read_whole(struct number *n, const char *at, const char *end)
{
	n->negative = at < end && *at == '-';
	n->is_integer = true;
	at = read_digits(&n->whole, at + n->negative, end);
	return at != NULL && n->whole.at[0] == '0' && n->whole.len > 1 ? NULL : at;
}

static const char *read_fraction(struct number *n, const char *at, const char *end)
{
	if (at == end || *at != '.')
		return at;
	n->is_integer = false;
	return read_digits(&n->fraction, at + 1, end);
}

static const char *read_exponent(struct number *n, const char *at, const char *end)
{
	struct digits digits;
	bool negative;

	if (at == end || (*at != 'e' && *at != 'E'))
		return at;
	n->is_integer = false;
	at++;
	negative = at < end && *at == '-';
	at = read_digits(&digits, at + (at < end && (*at == '-' || *at == '+')), end);
	for (size_t i = 0; i < digits.len && n->exponent < EXPONENT_FAR; i++)
		n->exponent = n->exponent * 10 + (digits.at[i] - '0');
	n->exponent = negative ? -n->exponent : n->exponent;
	return at;
}

static bool fits_64_bits(const struct number *n)
{
	const char *most = n->negative ? "9223372036854775808" : "18446744073709551615";
	size_t len = strlen(most);

	return n->whole.len < len || (n->whole.len == len && memcmp(n->whole.at, most, len) <= 0);
}

/* Returns a digit of the number without its point, or '0' after the last. */
static char digit_at(const struct number *n, size_t place)
{
	if (place < n->whole.len)
		return n->whole.at[place];
	place -= n->whole.len;
	return place < n->fraction.len ? n->fraction.at[place] : '0';
}

/*
 * Compares a number that has 309 digits before its point with 2^1024 - 2^970. Returns true if it is
 * less. The limit lies halfway between the largest double and the next one, if there were one. It
 * is the least number that rounds to infinity.
 */
static bool rounds_down(const struct number *n, size_t first)
{
	static const char halfway[] =
		"179769313486231580793728971405303415079934132710037826936173778980444968292764"
		"750946649017977587207096330286416692887910946555547851940402630657488671505820"
		"681908902000708383676273854845817711531764475730270069855571366959622842914819"
		"860834936475292719074168444365510704342711559699508093042880177904174497792";

	for (size_t i = 0; halfway[i] != '\0'; i++) {
		if (digit_at(n, first + i) != halfway[i])
			return digit_at(n, first + i) < halfway[i];
	}
	return false;
}

/* The place of the first digit that is not 0 decides, except at the very border. */
static bool fits_double(const struct number *n)
{
	size_t count = n->whole.len + n->fraction.len, first = 0;
	int64_t magnitude;

	while (first < count && digit_at(n, first) == '0')
		first++;
	magnitude = (int64_t)n->whole.len - (int64_t)first - 1 + n->exponent;
	if (first == count || magnitude < 308)
		return true;
	return magnitude == 308 && rounds_down(n, first);
}

static const char *read_number(struct number *n, const char *at, const char *end)
{
	*n = (struct number){.exponent = 0};
	at = read_whole(n, at, end);
	if (at != NULL)
		at = read_fraction(n, at, end);
	return at == NULL ? NULL : read_exponent(n, at, end);
}

static bool fits(const struct number *n)
{
	return n->is_integer ? fits_64_bits(n) : fits_double(n);
}

const char *json_number_end(const char *at, const char *end)
{
	struct number n;

	at = read_number(&n, at, end);
	return at != NULL && fits(&n) ? at : NULL;
}

bool json_number_is_too_large(const char *at, const char *end)
{
	struct number n;

	return read_number(&n, at, end) != NULL && !fits(&n);
}
