// MQTT.js against a broker. Each scenario plays both sides and says 'ok NAME'; the first that fails ends the program.
// play.js TRANSPORT PORT VERSION [CA CERTIFICATE KEY], TRANSPORT one of tcp, tls, ws, wss; VERSION 4 (3.1.1) or 5.
'use strict'
const assert = require('node:assert')
const fs = require('node:fs')
const mqtt = require('mqtt')

const [transport, port, version, ...files] = process.argv.slice(2)
const FIVE = version === '5'
const url = `${transport === 'tcp' ? 'mqtt' : transport === 'tls' ? 'mqtts' : transport}://localhost:${port}${transport.startsWith('ws') ? '/mqtt' : ''}`
const tls = files.length > 0 ? { ca: fs.readFileSync(files[0]), cert: fs.readFileSync(files[1]), key: fs.readFileSync(files[2]) } : {}

class Client {
  static async connect(name, options = {}) {
    const client = new Client()
    client.heard = []
    client.waiting = []
    client.c = mqtt.connect(url, { clientId: name, protocolVersion: Number(version), reconnectPeriod: 0, ...tls, ...options })
    client.c.on('message', (topic, payload, packet) => {
      const message = { ...packet, topic, text: payload.toString(), size: payload.length }
      const waiter = client.waiting.shift()
      if (waiter) waiter(message)
      else client.heard.push(message)
    })
    client.granted = await new Promise((resolve, reject) => { client.c.once('connect', resolve); client.c.once('error', reject) })
    return client
  }

  async subscribe(topic, qos, properties) {
    const granted = await this.c.subscribeAsync(topic, { qos, ...(properties ? { properties } : {}) })
    assert.deepEqual(granted.map((g) => g.qos), [qos])
  }

  publish(topic, payload, options = {}) { return this.c.publishAsync(topic, payload, { qos: 1, ...options }) }

  next() { return this.heard.length > 0 ? this.heard.shift() : new Promise((resolve) => this.waiting.push(resolve)) }

  stop() { return this.c.connected ? this.c.endAsync() : undefined }
}

const kept = FIVE ? { clean: false, properties: { sessionExpiryInterval: 60 } } : { clean: false }

const scenarios = {
  async each_qos() {
    const [hearer, speaker] = [await Client.connect('hearer'), await Client.connect('speaker')]
    await hearer.subscribe('qos/#', 2)
    for (const qos of [0, 1, 2]) {
      for (const size of [0, 1, 127, 128, 61440]) {
        for (let n = 0; n < 10; n++) {
          await speaker.publish(`qos/${qos}/${size}/${n}`, Buffer.alloc(size), { qos })
          const message = await hearer.next()
          assert.deepEqual([message.topic, message.qos, message.size, message.retain], [`qos/${qos}/${size}/${n}`, qos, size, false])
        }
      }
    }
    return [hearer, speaker]
  },

  async retained() {
    const speaker = await Client.connect('speaker')
    await speaker.publish('kept/x', 'old', { retain: true })
    await speaker.publish('kept/x', 'new', { retain: true, qos: 2 })
    const hearer = await Client.connect('hearer')
    await hearer.subscribe('kept/+', 1)
    const message = await hearer.next()
    assert.deepEqual([message.text, message.qos, message.retain], ['new', 1, true])
    await speaker.publish('kept/x', '', { retain: true })
    assert.equal((await hearer.next()).text, '')
    const late = await Client.connect('late')
    await late.subscribe('kept/+', 1)
    await speaker.publish('kept/y', 'live')
    assert.equal((await late.next()).text, 'live')
    return [speaker, hearer, late]
  },

  async will() {
    const hearer = await Client.connect('hearer')
    await hearer.subscribe('will', 1)
    const mortal = await Client.connect('mortal', { will: { topic: 'will', payload: Buffer.from('gone'), qos: 1 } })
    mortal.c.stream.destroy()
    assert.equal((await hearer.next()).text, 'gone')
    return [hearer, mortal]
  },

  async session() {
    const first = await Client.connect('sleeper', kept)
    assert.equal(first.granted.sessionPresent, false)
    for (const qos of [1, 2]) await first.subscribe(`queue/${qos}`, qos)
    await first.stop()
    const speaker = await Client.connect('speaker')
    for (let i = 0; i < 40; i++) await speaker.publish(`queue/${1 + i % 2}`, String(i), { qos: 2 })
    const back = await Client.connect('sleeper', kept)
    assert.equal(back.granted.sessionPresent, true)
    const heard = []
    while (heard.length < 40) heard.push(await back.next())
    for (const qos of [1, 2]) { // each in its order; QoS 2 is heard later than QoS 1
      assert.deepEqual(heard.filter((m) => m.qos === qos).map((m) => Number(m.text)), [...Array(20).keys()].map((i) => 2 * i + qos - 1))
    }
    await back.stop()
    const clean = await Client.connect('sleeper')
    assert.equal(clean.granted.sessionPresent, false)
    return [speaker, clean]
  },

  async shared() {
    const [one, two, speaker] = [await Client.connect('one'), await Client.connect('two'), await Client.connect('speaker')]
    for (const member of [one, two]) await member.subscribe('$share/group/work', 1)
    const heard = []
    const all = new Promise((resolve) => {
      for (const member of [one, two]) member.c.on('message', (_, payload) => { if (heard.push(Number(payload)) === 40) resolve() })
    })
    for (let i = 0; i < 40; i++) await speaker.publish('work', String(i))
    await all
    assert.deepEqual(heard.sort((a, b) => a - b), [...Array(40).keys()])
    return [one, two, speaker]
  },

  async request() {
    const [asker, answerer] = [await Client.connect('asker'), await Client.connect('answerer')]
    await asker.subscribe('answer/asker', 1)
    await answerer.subscribe('question', 1)
    await asker.publish('question', '6*7', { properties: { responseTopic: 'answer/asker', correlationData: Buffer.from([0, 1]) } })
    const { responseTopic, correlationData } = (await answerer.next()).properties
    await answerer.publish(responseTopic, '42', { properties: { correlationData } })
    const answer = await asker.next()
    assert.deepEqual([answer.text, [...answer.properties.correlationData]], ['42', [0, 1]])
    return [asker, answerer]
  },

  async described() {
    const [hearer, speaker] = [await Client.connect('hearer'), await Client.connect('speaker')]
    await hearer.subscribe('d/#', 1, { subscriptionIdentifier: 7 })
    await hearer.subscribe('d/x', 1, { subscriptionIdentifier: 300 })
    await speaker.publish('d/x', 'm', {
      properties: { userProperties: { a: ['1', '2'] }, contentType: 'text/plain', payloadFormatIndicator: true, messageExpiryInterval: 100 },
    })
    const told = (await hearer.next()).properties
    assert.deepEqual({ ...told.userProperties }, { a: ['1', '2'] })
    assert.deepEqual([told.contentType, told.payloadFormatIndicator], ['text/plain', true])
    assert.ok(told.messageExpiryInterval >= 90 && told.messageExpiryInterval <= 100)
    assert.deepEqual(told.subscriptionIdentifier.sort((a, b) => a - b), [7, 300])
    return [hearer, speaker]
  },

  async aliased() {
    const hearer = await Client.connect('hearer', { properties: { topicAliasMaximum: 10 } })
    const speaker = await Client.connect('speaker', { autoUseTopicAlias: true, autoAssignTopicAlias: true })
    await hearer.subscribe('a/+', 1)
    assert.ok(speaker.granted.properties.topicAliasMaximum >= 2)
    const topics = ['a/x', 'a/y', 'a/x', 'a/y', 'a/z', 'a/z']
    for (const topic of topics) await speaker.publish(topic, 'm')
    for (const topic of topics) assert.equal((await hearer.next()).topic, topic)
    return [hearer, speaker]
  },
}

async function play() {
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (!FIVE && ['request', 'described', 'aliased'].includes(name)) continue
    for (const used of await scenario()) await used.stop()
    console.log('ok', name)
  }
}

play().then(() => process.exit(0), (fault) => { console.error(fault); process.exit(1) })
