#include "http/core/timestamp.h"

#include <chrono>
#include <cstddef>

namespace ocilot::http {

namespace {

using std::chrono::microseconds;

/// Takes a text apart from the left; once something does not fit nothing does.
class Reader {
  public:
    explicit Reader(std::string_view text) noexcept : rest_(text) {}

    /// A number of exactly `count` digits, `most` at most.
    int digits(std::size_t count, int most) noexcept {
        int value = 0;
        for (std::size_t i = 0; i < count; ++i) value = 10 * value + digit();
        if (value > most) good_ = false;
        return value;
    }
    void expect(std::string_view choices) noexcept {
        if (!take(choices)) good_ = false;
    }
    /// The character, if it is one of these.
    std::optional<char> take(std::string_view choices) noexcept {
        if (rest_.empty() || choices.find(rest_.front()) == std::string_view::npos) return std::nullopt;
        char const c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }
    /// Digits after a point, of which six count.
    microseconds fraction() noexcept {
        std::int64_t value = 0;
        std::size_t count = 0;
        do {
            int const one = digit();
            if (count < 6) value = 10 * value + one;
            ++count;
        } while (good_ && !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9');
        for (; count < 6; ++count) value *= 10;
        return microseconds(value);
    }
    [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
    [[nodiscard]] bool good() const noexcept { return good_ && rest_.empty(); }

  private:
    int digit() noexcept {
        auto const c = take("0123456789");
        if (!c) good_ = false;
        return c ? *c - '0' : 0;
    }
    std::string_view rest_;
    bool good_ = true;
};

}  // namespace

std::optional<Time> parse_timestamp(std::string_view text) noexcept {
    namespace chrono = std::chrono;
    Reader reader(text);
    chrono::year const year(reader.digits(4, 9999));
    reader.expect("-");
    chrono::month const month(static_cast<unsigned>(reader.digits(2, 12)));
    reader.expect("-");
    chrono::day const day(static_cast<unsigned>(reader.digits(2, 31)));
    chrono::year_month_day const date(year, month, day);
    if (!date.ok()) return std::nullopt;
    Time time = chrono::sys_days(date);
    if (reader.at_end()) return reader.good() ? std::optional(time) : std::nullopt;
    reader.expect("Tt");
    time += chrono::hours(reader.digits(2, 23));
    reader.expect(":");
    time += chrono::minutes(reader.digits(2, 59));
    reader.expect(":");
    time += chrono::seconds(reader.digits(2, 60));
    if (reader.take(".")) time += reader.fraction();
    if (reader.take("Zz")) return reader.good() ? std::optional(time) : std::nullopt;
    auto const sign = reader.take("+-");
    chrono::minutes offset = chrono::hours(reader.digits(2, 23));
    reader.expect(":");
    offset += chrono::minutes(reader.digits(2, 59));
    if (!sign || !reader.good()) return std::nullopt;
    return *sign == '+' ? time - offset : time + offset;
}

}  // namespace ocilot::http
