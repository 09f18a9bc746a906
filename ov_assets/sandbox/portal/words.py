"""Word lists for invented people and complaints. No name, number or address belongs to anyone."""

NOMBRES = (
    "MARÍA JOSÉ", "LUIS ÁNGEL", "ANDRÉS", "SOFÍA", "JESÚS DAVID", "ÑANDÚ", "BEGOÑA", "INÉS", "RAÚL", "YULIÁN",
    "CAMILA", "WILMER", "DAYANA", "ÓSCAR", "ZORAIDA", "EDILBERTO", "NATALIA", "HÉCTOR", "LILIANA", "TOMÁS",
)  # fmt: skip
APELLIDOS = (
    "PEÑARANDA", "MUÑOZ", "GÓMEZ", "DE LA HOZ", "CÁRDENAS", "O'BYRNE", "YÁÑEZ", "BOLÍVAR", "NÚÑEZ", "GÜETE",
    "PÉREZ", "ZÚÑIGA", "D'COSTA", "ARIZA", "CASTAÑO", "OLIVEROS", "IBÁÑEZ", "VILLALBA", "ÁVILA", "TORRENEGRA",
)  # fmt: skip
EMPRESAS = (
    "FERRETERÍA EL PUÑO",
    "PANADERÍA LA ÑAPA",
    "CONJUNTO RESIDENCIAL ALTOS",
    "COLEGIO SAN JOSÉ DE PRUEBA",
)
TIPOS = (
    "Reclamo por facturación",
    "Petición",
    "Queja",
    "Recurso de reposición y en subsidio apelación",
    "Reclamo por alto consumo / desviación significativa",
    "Solicitud de revisión del medidor",
    "Daño en electrodoméstico",
    "Reclamo por cobro de energía consumida dejada de facturar, incluidos los intereses, la contribución "
    "y los demás conceptos que se liquidan en la factura del servicio público domiciliario",
)
CANALES = (
    "Correo electrónico",
    "Correo electrónico",
    "Dirección física",
    "Correo electrónico certificado",
    "",
)
BARRIOS = ("El Recreo", "La Concepción", "Alto Bosque", "Nueva Granada", "Los Almendros", "Villa Ñame")
QUEJAS = (
    "Solicito se revise el consumo facturado en el último periodo, pues el inmueble estuvo desocupado.",
    "El medidor marca una lectura distinta de la que aparece en la factura; adjunto fotografía.",
    "Llevo tres días sin servicio y en la línea de atención no dan respuesta.",
    'El funcionario me dijo: "eso no procede", y no dejó constancia por escrito.',
    "Me cobran alumbrado público dos veces; pido devolución, con intereses, del mayor valor.",
    "Pido copia del acta de revisión, del histórico de lecturas y de la orden de suspensión.",
    "La factura llegó después de la fecha de vencimiento; por eso pago recargos que no me corresponden.",
    "Se quemaron la nevera, el abanico y el televisor tras la subida de tensión del domingo.",
)
CIERRES = (
    "Quedo atento a su respuesta dentro del término legal.",
    "Agradezco su pronta gestión 🙏⚡",
    "Notifíquese a la dirección registrada; gracias.",
    "Atentamente,\nEl usuario",
)
RARE_BODIES = (
    "=1+1",
    "+57 300 0000000 es el número al que deben llamar",
    "-5 kWh aparecen facturados",
    "@todos: revisar",
    "=HYPERLINK(\"http://example.com\";\"ver\")",
    "NULL",
    "NaN",
    "None",
    "<b>x</b> & y",
    "<script>alert('hola')</script> texto después",
    "\tempieza con tabulador\ty sigue\t",
    "   con blancos a los lados   ",
    'comillas "dobles", ‘simples’ y \\barras\\; punto y coma; coma, fin',
    "línea uno\nlínea dos\n\nlínea cuatro\n",
    "emoji 👩‍🔧🇨🇴 y signos ½ € № “tipográficos”",
    "a,b;c|d\te\nf",
)  # fmt: skip
RARE_COMMENTS = (
    "-5",
    "@x",
    "=1+1",
    "NULL",
    "N/A",
    'ver "RE";\ncerrado, ok',
    "<b>x</b> & y",
    " ",
    "nan",
    "💡 revisado",
)
COMMENTS = (
    "Se da respuesta por correo electrónico.",
    "Visita técnica realizada; sin anomalías.",
    "Se ajusta la factura y se notifica al usuario.\nCaso cerrado.",
    "Trasladado al área de medida.",
)
