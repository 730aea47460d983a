#include "auth/passwords.h"

#include <crypt.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace ocilot;
using namespace ocilot::auth;
using testing::StartsWith;

namespace {

/// Whether libcrypt takes its settings: it answers at once, and does not hash, if not.
bool costs_something(std::string const& hash) {
    auto const space = std::make_unique<crypt_data>();
    return crypt_r("secret", hash.c_str(), space.get())[0] != '*';
}

// All of "secret", cost 4 and least rounds.
constexpr char const* hashes[] = {
    "$2y$04$etN6SYcvGExfnS2Fy5NIauO5QWCb8BVLZ.il.c5QoPR6uqnzC0l3C",
    "$2b$04$rXmRdC70aYegxGOLmf0g.OI.QdhSv.IjIwbTuBpB9TxaBk49A9nUe",
    "$2a$04$gcZecyyEIVNLaevSfl0KzuSsTjxP8ik2GQoK63Zmtboa9kAdLqTYa",
    "$y$j75$yDataH9BgWyw/joKhlhHV1$FvsTcXBXTzPoP94nfsrcSj.sRrRCjBnTv.mYO/HPXn.",
    "$6$rounds=1000$T7Wn3OHqH9N9nTNL$ROz3wU6amkqcJ1Sl1E682QSUvANbMMRi7070TxNX25kSvzM6/Jjn/"
    "iXZMc.GyRrWhLWtVMM27XlDxZntcJGg7/",
};

}  // namespace

TEST(Passwords, AreComparedWithEveryKindOfHash) {
    for (auto const* const hash : hashes) {
        EXPECT_TRUE(is_password_hash(hash)) << hash;
        EXPECT_TRUE(verify_password("secret", hash)) << hash;
        EXPECT_FALSE(verify_password("Secret", hash)) << hash;
        EXPECT_FALSE(verify_password("secret ", hash)) << hash;
        EXPECT_FALSE(verify_password("", hash)) << hash;
        EXPECT_FALSE(verify_password(std::string("secret\0", 7), hash)) << hash;
        EXPECT_FALSE(
            verify_password("secret", std::string_view(hash).substr(0, std::string_view(hash).size() - 1)))
            << hash;
    }
}

TEST(Passwords, AreNotComparedWithWeakOrBrokenHashes) {
    for (std::string const hash :
         {"", "*", "!", "x", "secret", "$1$abcdefgh$irWbblnpmw.5z7wgBnprh0",
          "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "$apr1$abcdefgh$aaaaaaaaaaaaaaaaaaaaaa", "Sbx3v5kQYzQ6A",
          "$2y$04$short", "$2y$31$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          "$2x$04$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          "$2y$x4$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "$y$", "$6$", "$6$$", "$y$j9T$",
          "$y$j9T$salt$"}) {
        EXPECT_FALSE(is_password_hash(hash)) << hash;
        EXPECT_FALSE(verify_password("secret", hash)) << hash;
        EXPECT_FALSE(verify_password("", hash)) << hash;
    }
    EXPECT_FALSE(is_password_hash(std::string("$6$salt$") + std::string(300, 'a')));
    EXPECT_FALSE(verify_password("secret", "$y$zzzzzz$aaaaaaaaaaaaaaaa$aaaa"));
}

TEST(Passwords, AreHashedWithASaltOfTheirOwn) {
    auto const one = hash_password("secret").value();
    auto const other = hash_password("secret").value();
    EXPECT_THAT(one, StartsWith("$y$"));
    EXPECT_NE(one, other);
    EXPECT_TRUE(verify_password("secret", one));
    EXPECT_FALSE(verify_password("secret", unknown_user_hash({})));
}

TEST(Passwords, OfAnyLengthCountWhole) {
    std::string const longest(longest_password, 'a');
    auto const hash = hash_password(longest).value();
    EXPECT_TRUE(verify_password(longest, hash));
    EXPECT_FALSE(verify_password(std::string(longest_password - 1, 'a') + "b", hash));
    EXPECT_FALSE(verify_password(longest + "a", hash));
}

TEST(Passwords, ThatCannotBeHashedAreRefused) {
    EXPECT_EQ(hash_password("").error().code, Errc::bad_request);
    EXPECT_EQ(hash_password(std::string(longest_password + 1, 'a')).error().code, Errc::bad_request);
    EXPECT_EQ(hash_password(std::string("a\0b", 3)).error().code, Errc::bad_request);
    EXPECT_EQ(hash_password_bcrypt(std::string(73, 'a')).error().code, Errc::bad_request);
}

TEST(Passwords, AreHashedWithBcryptAsDistributionDoes) {
    auto const hash = hash_password_bcrypt("secret").value();
    EXPECT_THAT(hash, StartsWith("$2y$10$"));
    EXPECT_TRUE(verify_password("secret", hash));
}

TEST(Passwords, OfAnUnknownUserCostWhatOthersCost) {
    for (auto const* const hash : hashes) {
        auto const unknown = unknown_user_hash(hash);
        EXPECT_TRUE(is_password_hash(unknown)) << unknown;
        EXPECT_EQ(unknown.size(), std::string_view(hash).size());
        EXPECT_THAT(unknown, StartsWith(std::string(hash).substr(0, 10)));
        EXPECT_TRUE(costs_something(unknown)) << unknown;
        EXPECT_FALSE(verify_password("secret", unknown));
    }
    auto const made = hash_password("secret").value();
    auto const unknown = unknown_user_hash({});
    EXPECT_TRUE(is_password_hash(unknown));
    EXPECT_TRUE(costs_something(unknown)) << unknown;
    EXPECT_EQ(unknown.size(), made.size());
    EXPECT_EQ(unknown.substr(0, 7), made.substr(0, 7)) << "the same parameters";
    EXPECT_EQ(unknown_user_hash("rubbish"), unknown);
}
