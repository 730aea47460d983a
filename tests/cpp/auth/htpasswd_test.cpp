#include "auth/htpasswd.h"

#include "fixed_clock.h"
#include "temporary_file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

using namespace ocilot;
using namespace ocilot::auth;
using namespace ocilot::test;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {

// Of "secret", cost 4.
std::string const bcrypt = "$2y$04$gjX8xEQmiC/aA0DLH/KkTu5cOBzgIJuuTynh9c/lPrCzh/LB8ntmO";
std::string const sha512 =
    "$6$rounds=1000$2T.JeMEU8mVbg3Y6$dEz1bn5EYmSYv0px6YUIBoDcJ/"
    "bwmhAfXFmaHdTyzd5SKTwE.YIKi9csJ4TOcq2UjgtMoAr78M.sy3lLnqjIL.";

class HtpasswdFile : public testing::Test {
  protected:
    std::unique_ptr<Htpasswd> open() {
        auto opened = Htpasswd::open(file.path(), clock, log);
        EXPECT_TRUE(opened.has_value()) << opened.error().message;
        return std::move(*opened);
    }

    TemporaryFile file;
    FixedClock clock;
    MemorySink sink;
    Log log{sink, clock, LogFormat::text, LogLevel::debug};
};

}  // namespace

TEST_F(HtpasswdFile, LetsItsUsersIn) {
    file.write("# people\r\n\r\n  alice:" + bcrypt + "  \r\nbob:" + sha512 + "\n");
    auto const users = open();
    EXPECT_TRUE(users->verify("alice", "secret").value());
    EXPECT_TRUE(users->verify("bob", "secret").value());
    EXPECT_FALSE(users->verify("alice", "Secret").value());
    EXPECT_FALSE(users->verify("carol", "secret").value());
    EXPECT_FALSE(users->verify("", "secret").value());
    EXPECT_FALSE(users->created());
    EXPECT_EQ(sink.text(), "");
}

TEST_F(HtpasswdFile, MayBeginWithAByteOrderMark) {
    file.write(
        "\xEF\xBB\xBF"
        "alice:" +
        bcrypt + "\n");
    EXPECT_TRUE(open()->verify("alice", "secret").value());
    EXPECT_EQ(sink.text(), "");
}

TEST_F(HtpasswdFile, NamesLinesThatAreNoUserByTheirNumberOnly) {
    file.write("alice:" + bcrypt + "\nnonsense\n:" + bcrypt +
               "\nbob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\ncarol:\n");
    auto const users = open();
    EXPECT_TRUE(users->verify("alice", "secret").value());
    EXPECT_FALSE(users->verify("bob", "secret").value());
    EXPECT_FALSE(users->verify("", "secret").value());
    EXPECT_THAT(sink.text(),
                AllOf(HasSubstr("line=2"), HasSubstr("line=3"), HasSubstr("line=4"), HasSubstr("line=5")));
    EXPECT_THAT(sink.text(), AllOf(Not(HasSubstr("line=1")), Not(HasSubstr("nonsense")),
                                   Not(HasSubstr("bob")), Not(HasSubstr("5en6"))));
}

TEST_F(HtpasswdFile, IsReadAgainWhenItChanges) {
    file.write("alice:" + bcrypt + "\n");
    auto const users = open();
    auto const version = users->version().value();
    clock.advance(std::chrono::seconds(5));
    EXPECT_EQ(users->version().value(), version) << "nothing has changed";
    file.write("bob:" + bcrypt + "\n");
    EXPECT_TRUE(users->verify("alice", "secret").value()) << "looked at less than a second ago";
    clock.advance(std::chrono::seconds(1));
    EXPECT_NE(users->version().value(), version);
    EXPECT_FALSE(users->verify("alice", "secret").value());
    EXPECT_TRUE(users->verify("bob", "secret").value());
}

TEST_F(HtpasswdFile, IsReadAgainWhenTheClockWasSetBack) {
    file.write("alice:" + bcrypt + "\n");
    auto const users = open();
    file.write("bob:" + bcrypt + "\n");
    clock.advance(-std::chrono::hours(1));
    EXPECT_TRUE(users->verify("bob", "secret").value());
}

TEST_F(HtpasswdFile, LetsNobodyInWhileItCannotBeRead) {
    file.write("alice:" + bcrypt + "\n");
    auto const users = open();
    file.remove();
    clock.advance(std::chrono::seconds(1));
    EXPECT_EQ(users->verify("alice", "secret").error().code, Errc::unavailable);
    EXPECT_EQ(users->version().error().code, Errc::unavailable);
    EXPECT_THAT(sink.text(), HasSubstr("its users cannot log in"));
    file.write("alice:" + bcrypt + "\n");
    clock.advance(std::chrono::seconds(1));
    EXPECT_TRUE(users->verify("alice", "secret").value());
}

TEST_F(HtpasswdFile, IsMadeIfItIsNotThere) {
    auto const users = open();
    auto const& created = users->created();
    ASSERT_TRUE(created);
    EXPECT_EQ(created->user, "docker");
    EXPECT_EQ(created->password.size(), 43U);
    EXPECT_TRUE(users->verify("docker", created->password).value());
    EXPECT_THAT(file.text(), StartsWith("docker:$2y$10$"));
    struct stat made{};
    ASSERT_EQ(::stat(file.path().c_str(), &made), 0);
    EXPECT_EQ(made.st_mode & 0777, 0600U);
    EXPECT_FALSE(open()->created()) << "it is there now";
    EXPECT_EQ(sink.text(), "");
}

TEST_F(HtpasswdFile, ThatIsADirectoryIsRefused) {
    std::filesystem::create_directories(file.path());
    auto const opened = Htpasswd::open(file.path(), clock, log);
    ASSERT_TRUE(opened.has_error());
    EXPECT_EQ(opened.error().code, Errc::config);
}
