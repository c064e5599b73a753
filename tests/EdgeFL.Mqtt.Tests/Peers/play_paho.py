"""paho-mqtt against a broker. Each scenario plays both sides and says 'ok NAME'; the first that fails ends the program.

play_paho.py TRANSPORT PORT VERSION [CA CERTIFICATE KEY], TRANSPORT one of tcp, tls, ws, wss; VERSION 4 (3.1.1) or 5.
"""
import queue
import sys

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

transport, port, version, files = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
FIVE = version == 5
PATIENCE = 20


def properties(packet, **values):
    if not FIVE:
        return None
    made = Properties(packet)
    for name, value in values.items():
        setattr(made, name, value)
    return made


class Client:
    def __init__(self, name, clean=True, will=None, keep=False):
        self.heard, self.connected, self.answers, self.sent = queue.Queue(), queue.Queue(), queue.Queue(), set()
        web = transport.startswith("ws")
        self.c = mqtt.Client(name, protocol=version, transport="websockets" if web else "tcp", **({} if FIVE else {"clean_session": clean}))
        if web:
            self.c.ws_set_options(path="/mqtt")
        if files:
            self.c.tls_set(*files)
        if will:
            self.c.will_set(*will)
        self.c.on_connect = lambda c, u, flags, code, p=None: self.connected.put((int(code.value if FIVE else code), flags["session present"], p))
        self.c.on_subscribe = lambda c, u, mid, codes, p=None: self.answers.put([int(code.value if FIVE else code) for code in codes])
        self.c.on_message = lambda c, u, message: self.heard.put(message)
        self.c.connect("localhost", port, 30, **({"clean_start": clean, "properties": properties(PacketTypes.CONNECT, SessionExpiryInterval=60 if keep else 0)} if FIVE else {}))
        self.c.loop_start()
        code, self.present, self.granted = self.connected.get(timeout=PATIENCE)
        assert code == 0, code

    def subscribe(self, topic, qos, **values):
        if FIVE:
            self.c.subscribe(topic, options=mqtt.SubscribeOptions(qos), properties=properties(PacketTypes.SUBSCRIBE, **values))
        else:
            self.c.subscribe(topic, qos)
        assert self.answers.get(timeout=PATIENCE) == [qos]

    def publish(self, topic, payload, qos=1, retain=False, **values):
        info = self.c.publish(topic, payload, qos, retain, properties=properties(PacketTypes.PUBLISH, **values))
        info.wait_for_publish(PATIENCE)
        assert info.is_published(), topic

    def next(self):
        return self.heard.get(timeout=PATIENCE)

    def stop(self):
        self.c.disconnect()
        self.c.loop_stop()


def each_qos():
    hearer, speaker = Client("hearer"), Client("speaker")
    hearer.subscribe("qos/#", 2)
    for qos in (0, 1, 2):
        for i, size in enumerate((0, 1, 127, 128, 61440)):
            for n in range(10):
                speaker.publish(f"qos/{qos}/{i}/{n}", b"x" * size, qos)
                message = hearer.next()
                assert (message.topic, message.qos, len(message.payload), message.retain) == (f"qos/{qos}/{i}/{n}", qos, size, 0), (message.topic, message.qos)
    return hearer, speaker


def retained():
    speaker = Client("speaker")
    speaker.publish("kept/x", "old", retain=True)
    speaker.publish("kept/x", "new", 2, retain=True)
    hearer = Client("hearer")
    hearer.subscribe("kept/+", 1)
    message = hearer.next()
    assert (message.payload, message.qos, message.retain) == (b"new", 1, 1)
    speaker.publish("kept/x", None, retain=True)
    assert hearer.next().payload == b""
    late = Client("late")
    late.subscribe("kept/+", 1)
    speaker.publish("kept/y", "live")
    assert late.next().payload == b"live"
    return speaker, hearer, late


def will():
    hearer = Client("hearer")
    hearer.subscribe("will", 1)
    mortal = Client("mortal", will=("will", "gone", 1))
    mortal.c._sock_close()
    assert hearer.next().payload == b"gone"
    return hearer, mortal


def session():
    first = Client("sleeper", clean=False, keep=True)
    assert not first.present
    for qos in (1, 2):
        first.subscribe(f"queue/{qos}", qos)
    first.stop()
    speaker = Client("speaker")
    for i in range(40):
        speaker.publish(f"queue/{1 + i % 2}", str(i), 2)
    back = Client("sleeper", clean=False, keep=True)
    assert back.present
    heard = [back.next() for _ in range(40)]
    for qos in (1, 2):  # each in its order; QoS 2 is heard later than QoS 1
        assert [int(m.payload) for m in heard if m.qos == qos] == list(range(qos - 1, 40, 2)), qos
    back.stop()
    clean = Client("sleeper")
    assert not clean.present
    return speaker, clean


def shared():
    members, speaker = [Client(f"member-{i}") for i in range(2)], Client("speaker")
    for member in members:
        member.subscribe("$share/group/work", 1)
    for i in range(40):
        speaker.publish("work", str(i))
    heard = []
    while len(heard) < 40:
        for member in members:
            while not member.heard.empty():
                heard.append(int(member.next().payload))
    assert sorted(heard) == list(range(40)), heard
    return *members, speaker


def request():
    asker, answerer = Client("asker"), Client("answerer")
    asker.subscribe("answer/asker", 1)
    answerer.subscribe("question", 1)
    asker.publish("question", "6*7", ResponseTopic="answer/asker", CorrelationData=b"\x00\x01")
    message = answerer.next()
    answerer.publish(message.properties.ResponseTopic, "42", CorrelationData=message.properties.CorrelationData)
    message = asker.next()
    assert (message.payload, message.properties.CorrelationData) == (b"42", b"\x00\x01")
    return asker, answerer


def described():
    hearer, speaker = Client("hearer"), Client("speaker")
    hearer.subscribe("d/#", 1, SubscriptionIdentifier=7)
    hearer.subscribe("d/x", 1, SubscriptionIdentifier=300)
    speaker.publish("d/x", "m", UserProperty=[("a", "1"), ("a", "2")], ContentType="text/plain", PayloadFormatIndicator=1, MessageExpiryInterval=100)
    told = hearer.next().properties
    assert told.UserProperty == [("a", "1"), ("a", "2")], told
    assert (told.ContentType, told.PayloadFormatIndicator) == ("text/plain", 1), told
    assert 90 <= told.MessageExpiryInterval <= 100, told
    assert sorted(told.SubscriptionIdentifier) == [7, 300], told
    return hearer, speaker


def aliased():
    hearer, speaker = Client("hearer"), Client("speaker")
    hearer.subscribe("a/+", 1)
    assert speaker.granted.TopicAliasMaximum >= 2
    for i, (topic, alias) in enumerate((("a/x", 1), ("a/y", 2), ("", 1), ("", 2), ("a/z", 1), ("", 1))):
        speaker.publish(topic, str(i), TopicAlias=alias)
    assert [hearer.next().topic for _ in range(6)] == ["a/x", "a/y", "a/x", "a/y", "a/z", "a/z"]
    return hearer, speaker


for scenario in (each_qos, retained, will, session, shared) + ((request, described, aliased) if FIVE else ()):
    for used in scenario():
        used.stop()
    print("ok", scenario.__name__, flush=True)
