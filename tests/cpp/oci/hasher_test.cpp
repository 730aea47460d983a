#include "oci/hasher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

using namespace ocilot;
using namespace ocilot::oci;

namespace {

constexpr auto const* empty256 = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr auto const* abc512 =
    "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";

std::span<std::byte const> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

std::string bytes_from_hex(std::string_view hex) {
    std::string out;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        out.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
    }
    return out;
}

constexpr auto both = {Algorithm::sha256, Algorithm::sha512};

}  // namespace

TEST(Hasher, ComputesTheStandardsExamples) {
    EXPECT_EQ(digest_of(Algorithm::sha256, std::string_view()).str(), empty256);
    EXPECT_EQ(digest_of(Algorithm::sha256, "abc").hex(),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(digest_of(Algorithm::sha512, "abc").str(), abc512);
}

TEST(Hasher, TellsTheDigestInMidStreamAndGoesOn) {
    for (auto const algorithm : {Algorithm::sha256, Algorithm::sha512}) {
        std::string const text(100'000, 'x');
        auto const bytes = std::as_bytes(std::span(text));
        Hasher hasher(algorithm);
        EXPECT_EQ(hasher.digest(), digest_of(algorithm, std::string_view()));
        hasher.update(bytes.first(77'777));
        EXPECT_EQ(hasher.digest(), digest_of(algorithm, text.substr(0, 77'777)));
        EXPECT_EQ(hasher.digest(), hasher.digest());
        hasher.update({});
        hasher.update(bytes.subspan(77'777));
        EXPECT_EQ(hasher.digest(), digest_of(algorithm, text));
        EXPECT_EQ(hasher.algorithm(), algorithm);
    }
}

TEST(Hasher, KeepsItsStateWhenMoved) {
    Hasher first(Algorithm::sha256);
    first.update(std::as_bytes(std::span("ab", 2)));
    Hasher second = std::move(first);
    second.update(std::as_bytes(std::span("c", 1)));
    EXPECT_EQ(second.digest(), digest_of(Algorithm::sha256, "abc"));
}

TEST(Hasher, GoesOnFromAnExportedStateAtEveryPlaceInABlock) {
    std::string const text(700, 'y');
    for (auto const algorithm : both) {
        for (std::size_t cut = 0; cut <= 300; ++cut) {
            Hasher first(algorithm);
            first.update(bytes_of(text).first(cut));
            auto const state = first.export_state();
            EXPECT_LE(state.size(), Hasher::max_state);
            auto second = Hasher::from_state(algorithm, state).value();
            EXPECT_EQ(second.size(), cut);
            EXPECT_EQ(second.digest(), first.digest());
            EXPECT_EQ(second.export_state(), state);
            second.update(bytes_of(text).subspan(cut));
            EXPECT_EQ(second.digest(), digest_of(algorithm, text)) << cut;
        }
    }
}

// The bytes below were written down once: a later version, and a machine of the other byte order, must read
// them.
TEST(Hasher, ReadsAStateThatAnotherMachineWrote) {
    std::string const sha256 =
        "0100"
        "6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19"
        "0000000000000003"
        "616263";
    auto hasher = Hasher::from_state(Algorithm::sha256, bytes_from_hex(sha256)).value();
    EXPECT_EQ(hasher.digest(), digest_of(Algorithm::sha256, "abc"));
    Hasher fed(Algorithm::sha256);
    fed.update(bytes_of("abc"));
    EXPECT_EQ(fed.export_state(), bytes_from_hex(sha256));
    std::string const sha512 =
        "0101"
        "6a09e667f3bcc908bb67ae8584caa73b3c6ef372fe94f82ba54ff53a5f1d36f1"
        "510e527fade682d19b05688c2b3e6c1f1f83d9abfb41bd6b5be0cd19137e2179"
        "0000000000000003"
        "616263";
    EXPECT_EQ(Hasher::from_state(Algorithm::sha512, bytes_from_hex(sha512))->digest(),
              digest_of(Algorithm::sha512, "abc"));
}

TEST(Hasher, CountsMoreBytesThanFitIn32Bits) {
    for (auto const algorithm : both) {
        Hasher hasher(algorithm);
        hasher.update(bytes_of("abc"));
        auto state = hasher.export_state();
        auto const length = state.size() - 3 - 8;
        state[length + 1] = 5;  // 5 * 2^48 + 3 bytes; both block sizes divide what was added.
        auto const large = Hasher::from_state(algorithm, state).value();
        EXPECT_EQ(large.size(), (std::uint64_t{5} << 48) + 3);
        EXPECT_EQ(large.export_state(), state);
    }
}

TEST(Hasher, RefusesAStateThatIsNotItsOwn) {
    for (auto const algorithm : both) {
        auto const other = algorithm == Algorithm::sha256 ? Algorithm::sha512 : Algorithm::sha256;
        Hasher hasher(algorithm);
        hasher.update(bytes_of(std::string(100, 'z')));
        auto const state = hasher.export_state();
        ASSERT_TRUE(Hasher::from_state(algorithm, state).has_value());
        EXPECT_EQ(Hasher::from_state(other, state).error().code, Errc::io);
        for (std::size_t size = 0; size < state.size(); ++size) {
            EXPECT_FALSE(Hasher::from_state(algorithm, state.substr(0, size)).has_value()) << size;
        }
        EXPECT_FALSE(Hasher::from_state(algorithm, state + "x").has_value());
        auto newer = state;
        newer[0] = 2;
        EXPECT_FALSE(Hasher::from_state(algorithm, newer).has_value());
        auto impossible = state;
        impossible[2 + hash_size(algorithm)] = '\x7f';  // More bits than the algorithm can count.
        EXPECT_FALSE(Hasher::from_state(algorithm, impossible).has_value());
    }
}

TEST(Hasher, ACopyGoesItsOwnWay) {
    Hasher first(Algorithm::sha512);
    first.update(bytes_of("ab"));
    Hasher copy(first);
    copy.update(bytes_of("c"));
    first.update(bytes_of("d"));
    EXPECT_EQ(copy.digest(), digest_of(Algorithm::sha512, "abc"));
    EXPECT_EQ(first.digest(), digest_of(Algorithm::sha512, "abd"));
}
