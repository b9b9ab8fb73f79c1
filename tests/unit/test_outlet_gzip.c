/* SPDX-License-Identifier: PostgreSQL */
/* Pieces that are packed once, put together to streams of gzip, and read by zlib as a client reads
 * them. */
#include "outlet/gzip.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static struct gzip gzip;

static int begin(void **state __attribute__((unused)))
{
	gzip_init(&gzip);
	gzip.above = 1024;
	return 0;
}

static int end(void **state __attribute__((unused)))
{
	gzip_release(&gzip);
	return 0;
}

enum content { TEXT, NOISE };

static struct buf make(enum content content, size_t len, uint32_t seed)
{
	struct buf b;

	buf_init(&b);
	while (b.len < len) {
		if (content == NOISE)
			buf_append_char(&b, (char)next_random(&seed));
		else
			buf_appendf(&b, "{\"id\": %u, \"name\": \"something\"}",
				    next_random(&seed) % 1000);
	}
	b.len = len;
	return b;
}

static struct packsum pack(const struct buf *plain, struct buf *out)
{
	struct packsum sum;

	gzip_pack(&gzip, (struct text){plain->data, plain->len}, out, &sum);
	return sum;
}

/* A client: what it has read after each byte that comes. */
static void inflate_more(z_stream *z, const struct buf *bytes, size_t from, struct buf *plain,
			 int expected)
{
	unsigned char piece[4096];
	int result;

	z->next_in = (unsigned char *)bytes->data + from;
	z->avail_in = (uInt)(bytes->len - from);
	do {
		z->next_out = piece;
		z->avail_out = sizeof(piece);
		result = inflate(z, Z_SYNC_FLUSH);
		assert_true(result == Z_OK || result == Z_BUF_ERROR || result == Z_STREAM_END);
		buf_append(plain, piece, sizeof(piece) - z->avail_out);
	} while (result == Z_OK && (z->avail_in > 0 || z->avail_out == 0));
	if (expected == Z_STREAM_END)
		assert_int_equal(result, Z_STREAM_END);
}

static void assert_same(const struct buf *a, const struct buf *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->data, b->data, a->len);
}

static const struct {
	enum content content;
	size_t len;
} pieces[] = {{TEXT, 9},       {TEXT, 1024},   {TEXT, 1025},   {TEXT, 0},
	      {NOISE, 5000},   {TEXT, 300000}, {NOISE, 65535}, {NOISE, 65536},
	      {NOISE, 300000}, {NOISE, 1},     {TEXT, 2000},   {TEXT, 2000}};
#define PIECES (sizeof(pieces) / sizeof(*pieces))

TEST(each_piece_can_be_read_as_it_comes_and_the_end_is_right)
{
	struct buf out, all, read;
	struct gzip_total total = {0, 0};
	z_stream z = {.zalloc = Z_NULL};

	buf_init(&out);
	buf_init(&all);
	buf_init(&read);
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	gzip_append_header(&out);
	inflate_more(&z, &out, 0, &read, Z_OK);
	for (size_t i = 0; i < PIECES; i++) {
		struct buf plain = make(pieces[i].content, pieces[i].len, (uint32_t)i + 1);
		size_t from = out.len;

		gzip_count(&total, pack(&plain, &out));
		buf_append(&all, plain.data, plain.len);
		inflate_more(&z, &out, from, &read, Z_OK);
		assert_same(&read, &all);
		buf_release(&plain);
	}
	buf_clear(&out);
	gzip_append_end(&out, &total);
	inflate_more(&z, &out, 0, &read, Z_STREAM_END); /* zlib compares CRC and length */
	assert_same(&read, &all);
	inflateEnd(&z);
	buf_release(&out);
	buf_release(&all);
	buf_release(&read);
}

/* Any pieces, in any order, again and again: a piece refers to nothing before it. */
TEST(pieces_can_be_put_together_in_any_order)
{
	struct buf packed[PIECES], plain[PIECES], out, all, read;
	struct packsum sums[PIECES];
	uint32_t seed = 7;

	for (size_t i = 0; i < PIECES; i++) {
		buf_init(&packed[i]);
		plain[i] = make(pieces[i].content, pieces[i].len, (uint32_t)i + 1);
		sums[i] = pack(&plain[i], &packed[i]);
	}
	for (int round = 0; round < 50; round++) {
		struct gzip_total total = {0, 0};
		z_stream z = {.zalloc = Z_NULL};

		buf_init(&out);
		buf_init(&all);
		buf_init(&read);
		assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
		gzip_append_header(&out);
		for (int n = 0; n < 8; n++) {
			size_t i = next_random(&seed) % PIECES;

			buf_append(&out, packed[i].data, packed[i].len);
			buf_append(&all, plain[i].data, plain[i].len);
			gzip_count(&total, sums[i]);
		}
		gzip_append_end(&out, &total);
		inflate_more(&z, &out, 0, &read, Z_STREAM_END);
		assert_same(&read, &all);
		inflateEnd(&z);
		buf_release(&out);
		buf_release(&all);
		buf_release(&read);
	}
	for (size_t i = 0; i < PIECES; i++) {
		buf_release(&packed[i]);
		buf_release(&plain[i]);
	}
}

static size_t packed_len(enum content content, size_t len)
{
	struct buf plain = make(content, len, 3), out;
	size_t packed;

	buf_init(&out);
	pack(&plain, &out);
	packed = out.len;
	buf_release(&plain);
	buf_release(&out);
	return packed;
}

/* Go's reader gives out what it has only there. */
TEST(each_piece_ends_with_an_empty_stored_block)
{
	for (size_t i = 0; i < PIECES; i++) {
		struct buf plain = make(pieces[i].content, pieces[i].len, 5), out;

		buf_init(&out);
		pack(&plain, &out);
		if (plain.len > 0)
			assert_memory_equal(out.data + out.len - 4, "\0\0\xff\xff", 4);
		buf_release(&plain);
		buf_release(&out);
	}
}

TEST(what_is_short_or_does_not_get_shorter_is_stored_with_5_bytes_a_block_and_5_more)
{
	assert_int_equal(packed_len(TEXT, 1024), 1024 + 10);
	assert_true(packed_len(TEXT, 1025) < 400);
	assert_int_equal(packed_len(NOISE, 5000), 5000 + 10);
	assert_int_equal(packed_len(NOISE, 65535), 65535 + 10);
	assert_int_equal(packed_len(NOISE, 65536), 65536 + 15);
	assert_int_equal(packed_len(TEXT, 0), 0);
	gzip.above = SIZE_MAX;
	assert_int_equal(packed_len(TEXT, 70000), 70000 + 15);
	gzip.above = 0;
	assert_true(packed_len(TEXT, 500) < 250);
}

TEST(the_same_text_makes_the_same_bytes_whatever_came_before)
{
	struct buf plain = make(TEXT, 5000, 1), noise = make(NOISE, 5000, 1), first, second;

	buf_init(&first);
	buf_init(&second);
	pack(&plain, &first);
	pack(&noise, &second);
	pack(&plain, &second);
	buf_clear(&second);
	pack(&plain, &second);
	assert_same(&first, &second);
	buf_release(&plain);
	buf_release(&noise);
	buf_release(&first);
	buf_release(&second);
}

TEST(the_length_of_a_stream_goes_round_at_4_gigabytes)
{
	struct gzip_total total = {5, 0xfffffff0};

	gzip_count(&total, (struct packsum){1, 32, (uint32_t)crc32_combine_gen(32)});
	assert_int_equal(total.len, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			each_piece_can_be_read_as_it_comes_and_the_end_is_right, begin, end),
		cmocka_unit_test_setup_teardown(pieces_can_be_put_together_in_any_order, begin,
						end),
		cmocka_unit_test_setup_teardown(each_piece_ends_with_an_empty_stored_block, begin,
						end),
		cmocka_unit_test_setup_teardown(
			what_is_short_or_does_not_get_shorter_is_stored_with_5_bytes_a_block_and_5_more,
			begin, end),
		cmocka_unit_test_setup_teardown(
			the_same_text_makes_the_same_bytes_whatever_came_before, begin, end),
		cmocka_unit_test(the_length_of_a_stream_goes_round_at_4_gigabytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
