#pragma once

#include "base/metrics.h"
#include "hookbox/topic.h"

#include <array>

namespace ocilot::hookbox {

/// How the questions of one topic fared.
struct TopicMetrics {
    TopicMetrics(Metrics& metrics, Topic topic);
    Counter& answered;
    Counter& late;     ///< no answer before the deadline
    Counter& refused;  ///< the mailbox was full
    Counter& closed;   ///< the registry stopped first
    Histogram& seconds;
};

/// What a mailbox counts.
struct MailboxMetrics {
    explicit MailboxMetrics(Metrics& metrics);
    std::array<TopicMetrics, topics.size()> of;
    Gauge& outstanding;
    Counter& dropped;  ///< answers that nobody waited for any more
};

}  // namespace ocilot::hookbox
