#include "deflate/gzip_writer.h"

#include "deflate/crc32.h"
#include "deflate/inflate.h"

#include <gtest/gtest.h>
#include <string>
#include <string_view>

using namespace ocilot::deflate;

namespace {

std::span<std::byte const> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

std::string gzip(std::string_view text, int level = 6, std::size_t piece = std::string_view::npos) {
    GzipWriter writer(level);
    std::string out;
    while (!text.empty()) {
        auto const size = std::min(piece, text.size());
        out += writer.write(bytes_of(text.substr(0, size)));
        text.remove_prefix(size);
    }
    return out + writer.finish();
}

constexpr std::size_t header = 10;
constexpr std::size_t trailer = 8;

/// The same numbers on every machine.
class Numbers {
  public:
    std::uint32_t next() {
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;
        return static_cast<std::uint32_t>(state_ >> 33);
    }

  private:
    std::uint64_t state_ = 1;
};

std::string noise(std::size_t size) {
    Numbers numbers;
    std::string text;
    while (text.size() < size) text.push_back(static_cast<char>(numbers.next()));
    return text;
}

/// Words of a few letters, some of them again and again: like text.
std::string words(std::size_t size) {
    Numbers numbers;
    std::string text;
    while (text.size() < size) {
        auto const rank = 1 + numbers.next() % 3'000;
        auto word = numbers.next() % rank;
        do text.push_back(static_cast<char>('a' + word % 26));
        while ((word /= 26) > 0);
        text.push_back(' ');
    }
    return text;
}

/// Four letters: at each place, thousands of candidates.
std::string letters(std::size_t size) {
    auto text = noise(size);
    for (auto& letter : text) letter = "ACGT"[static_cast<unsigned char>(letter) % 4];
    return text;
}

/// Like an archive: text, zeros, noise, and text again that was before.
std::string mixed() {
    auto const text = words(300'000);
    return text + std::string(200'000, '\0') + noise(150'000) + text.substr(270'000) + letters(100'000) +
           words(400'000);
}

void expect_reads_back(std::string_view text, int level) {
    auto const packed = gzip(text, level);
    auto const body = std::string_view(packed).substr(header, packed.size() - header - trailer);
    Inflater inflater(body);
    EXPECT_EQ(inflater.run(), text);
    EXPECT_EQ(inflater.used(), body.size());
}

}  // namespace

TEST(Gzip, ReadsBackWhatWasWritten) {
    for (int level = 1; level <= 9; ++level) {
        for (auto const* const text : {"", "a", "ab", "abc", "abcd", "aaaa", "abcabcabc", "\xff\xfe\xfd"}) {
            expect_reads_back(text, level);
        }
        for (std::size_t const size : {257, 258, 259, 260, 261, 262, 263, 517, 32'767, 32'768, 32'769}) {
            expect_reads_back(std::string(size, 'x'), level);
            expect_reads_back(noise(size), level);
        }
        expect_reads_back(mixed(), level);
    }
}

TEST(Gzip, FindsWhatRepeatsAtTheEdgeOfTheWindow) {
    auto const part = noise(1'000);
    for (std::size_t const between : {31'000, 31'766, 31'767, 31'768, 31'769, 32'000}) {
        expect_reads_back(part + std::string(between, 'z') + part, 6);
    }
}

TEST(Gzip, DoesNotDependOnThePiecesThatAreWritten) {
    auto const text = mixed();
    for (int const level : {1, 6, 9}) {
        auto const whole = gzip(text, level);
        for (std::size_t const piece : {1, 7, 255, 4'096, 65'536, 393'216, 393'217}) {
            EXPECT_EQ(gzip(text, level, piece), whole) << level << ' ' << piece;
        }
    }
}

TEST(Gzip, HasNoNameNoTimeAndNoSystem) {
    auto const packed = gzip("layer");
    EXPECT_EQ(packed.substr(0, header), std::string("\x1f\x8b\x08\0\0\0\0\0\0\xff", header));
}

TEST(Gzip, EndsWithChecksumAndSize) {
    auto const packed = gzip("123456789");
    EXPECT_EQ(packed.substr(packed.size() - trailer), std::string("\x26\x39\xf4\xcb\x09\0\0\0", trailer));
}

TEST(Gzip, StoresWhatCannotBeCompressed) {
    auto const text = noise(200'000);
    auto const packed = gzip(text);
    EXPECT_LT(packed.size(), text.size() + 200);
    Inflater inflater(std::string_view(packed).substr(header));
    EXPECT_EQ(inflater.run(), text);
    EXPECT_GT(inflater.blocks_of(0), 0);
}

TEST(Gzip, MakesZerosSmall) {
    EXPECT_LT(gzip(std::string(10'000'000, '\0')).size(), 12'000U);
}

// Written down once, on x86-64 with GCC: a change of any of them changes the digests of images.
TEST(Gzip, WritesTheBytesThatItAlwaysWrote) {
    struct Golden {
        int level;
        std::size_t size;
        std::uint32_t crc;
    };
    constexpr Golden golden[] = {{1, 577218, 1911035675}, {6, 567345, 4162446938}, {9, 567070, 504391065}};
    auto const text = mixed();
    for (auto const& [level, size, crc] : golden) {
        auto const packed = gzip(text, level);
        EXPECT_EQ(packed.size(), size) << level;
        EXPECT_EQ(crc32(0, bytes_of(packed)), crc) << level;
    }
}

TEST(Crc32, IsThatOfTheStandard) {
    EXPECT_EQ(crc32(0, bytes_of("123456789")), 0xcbf43926U);
    EXPECT_EQ(crc32(crc32(0, bytes_of("12345")), bytes_of("6789")), 0xcbf43926U);
    EXPECT_EQ(crc32(0, {}), 0U);
}
